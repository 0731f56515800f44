"""The detector's network: small, with the stride that its map says, doubled as Keras would."""

from __future__ import annotations

import numpy as np

from models.detection.heat_map import STRIDE
from models.training.detector.network import Doubled, build_heat_map_network
from models.training.quiet_keras import keras


def test_the_network_is_small_and_its_map_has_the_stride_it_says() -> None:
    network = build_heat_map_network(128, 96)
    assert network.count_params() <= 2_000_000
    assert network.output_shape == (None, 128 // STRIDE, 96 // STRIDE, 4)


def test_doubling_is_bilinear() -> None:
    pixels = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    expected = keras.layers.UpSampling2D(2, interpolation="bilinear")(pixels)
    np.testing.assert_allclose(Doubled()(pixels), expected, atol=1e-5)
