"""The embedding's network: what is fused in it, and how places are weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.training.embedding_network import build_embedding_network
from models.training.quiet_keras import keras
from models.training.structure import Fusion, Structure

TINY = Structure(("mixed6",), 8, Fusion(("mixed3", "mixed4"), 6, 12))


def test_one_backbone_needs_no_fusion_and_several_do() -> None:
    alone = replace(TINY, fusion=None)
    assert build_embedding_network(75, alone).output_shape[-1] == alone.dimensions == 8
    with pytest.raises(ValueError, match="need a fusion"):
        build_embedding_network(75, replace(alone, cuts=("mixed6", "mixed7")))


def test_one_backbone_alone_may_project_several_blocks() -> None:
    tapped = Structure(("mixed6",), 8, taps=("mixed3", "mixed6"))
    network = build_embedding_network(75, tapped)
    assert network.get_layer("pooled").output.shape[-1] == 2 * 768
    assert network.output_shape[-1] == tapped.dimensions == 8
    fused = build_embedding_network(75, replace(TINY, taps=("mixed3", "mixed6")))
    assert fused.output_shape[-1] == 12
    with pytest.raises(ValueError, match="one backbone alone"):
        build_embedding_network(75, replace(tapped, cuts=("mixed6", "mixed6")))


def test_fusion_takes_features_of_unit_length_the_intermediate_ones_first() -> None:
    network = build_embedding_network(75, replace(TINY, cuts=("mixed6", "mixed7")))
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 75, 75, 3)).astype(np.float32)
    parts = network.get_layer("features")
    features = np.asarray(keras.Model(network.input, parts.output)(pixels))
    for part in np.split(features, [6, 14], axis=1):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-3)
    assert [tensor.name for tensor in network.get_layer("intermediate_averages").input] == [
        network.get_layer(f"{block}_average").output.name
        for block in ("mixed3", "mixed4", "backbone2_mixed3", "backbone2_mixed4")
    ]
    roots = keras.Model(
        network.input,
        [
            network.get_layer(name).output
            for name in ("intermediate_averages", "intermediate_roots")
        ],
    )
    averages, intermediate = map(np.asarray, roots(pixels))
    np.testing.assert_allclose(intermediate**2, averages, atol=1e-4)


def test_the_middle_counts_more_in_a_tapped_block() -> None:
    network = build_embedding_network(144, TINY)
    places = network.get_layer("mixed4").output.shape[1:]
    tapped = keras.Model(
        network.get_layer("mixed4").output, network.get_layer("mixed4_average").output
    )

    def counted(row: int, column: int) -> float:
        activation = np.zeros((1, *places), np.float32)
        activation[0, row, column] = 1
        return float(np.asarray(tapped(activation))[0, 0])

    middle, last = places[0] // 2, places[0] - 1
    assert counted(middle, middle) == pytest.approx(9 * counted(0, 0), rel=0.02)
    assert counted(middle, 0) == pytest.approx(counted(last, middle), rel=0.02)
    assert counted(middle, middle) > counted(middle, 0) > counted(0, 0)
