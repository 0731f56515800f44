"""How a breadth run becomes an embedding: what is projected, and what its vectors hold."""

from __future__ import annotations

import numpy as np
import pytest

from models.gallery.gallery import unit
from models.training.breadth.export import SHARE, intermediate_projection


def test_what_characters_differ_in_is_kept_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 2)
    features = np.concatenate(
        [2 * rng.standard_normal((60, 4))[labels], rng.standard_normal((120, 4))], axis=1
    ).astype(np.float32)
    kernel, bias = intermediate_projection(features, labels, 4)
    assert kernel.shape == (8, 4)
    assert np.abs(kernel[:4]).sum() > 2 * np.abs(kernel[4:]).sum()
    assert np.allclose((features @ kernel + bias).mean(0), 0, atol=1e-4)


def test_a_vector_holds_both_features_by_their_shares_and_keeps_their_cosines() -> None:
    pytest.importorskip("tensorflow")
    from models.training.fusion import AXES, fusion_kernel

    rng = np.random.default_rng(0)
    # late features that lie in as many dimensions as are kept lose nothing
    late = unit(rng.standard_normal((500, AXES)) @ rng.standard_normal((AXES, 2 * AXES)))
    late = late.astype(np.float32)
    early = unit(rng.standard_normal((500, AXES)).astype(np.float32))
    vectors = np.concatenate([early, late], axis=1) @ fusion_kernel([late], SHARE)
    assert vectors.shape == (500, 2 * AXES)
    expected = SHARE * early @ early.T + (1 - SHARE) * late @ late.T
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-3)
