"""A metric under which pictures of one character lie close."""

from __future__ import annotations

import numpy as np

from models.gallery.gallery import unit
from models.gallery.metric import fit_metric


def drawn(identities: int, pictures: int, spread: float, seed: int = 0) -> np.ndarray:
    """Vectors of identities whose pictures differ along the first half of the dimensions alone."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((identities, 16))
    noise = rng.standard_normal((identities * pictures, 16)) * spread
    noise[:, 8:] *= 0.05
    return unit((np.repeat(centres, pictures, axis=0) + noise).astype(np.float32))


def test_a_metric_ignores_what_pictures_of_one_character_differ_in() -> None:
    vectors, truth = drawn(200, 2, 2.0), np.arange(200)
    asked = unit(vectors[::2] + 0.3 * drawn(200, 1, 2.0, seed=5))
    metric = fit_metric(vectors, np.repeat(truth, 2), shrinkage=0.1)

    def right(seen: np.ndarray, queries: np.ndarray) -> np.ndarray:
        return (queries @ unit(seen[::2] + seen[1::2]).T).argmax(1) == truth

    assert right(metric(vectors), metric(asked)).mean() >= right(vectors, asked).mean()
    kernel = np.abs(metric.kernel)
    assert kernel[8:, 0].sum() > kernel[:8, 0].sum()


def test_the_first_axes_of_a_metric_come_first() -> None:
    vectors, labels = drawn(100, 3, 1.0), np.repeat(np.arange(100), 3)
    metric = fit_metric(vectors, labels)
    assert metric(vectors, 4).shape == (300, 4)
    few = fit_metric(vectors, labels, dimensions=4)
    assert np.allclose(np.abs(few(vectors)), np.abs(metric(vectors, 4)), atol=1e-4)
