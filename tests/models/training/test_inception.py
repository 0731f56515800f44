"""The folded backbone against Keras's own Inception-v3.

Networks are called, as `predict` compiles them first, which takes longer than their one answer.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

from models.training.inception import build_backbones, load_start
from models.training.structure import SHARED, prefix_of


def _number(name: str) -> int:
    tail = name.rsplit("_", 1)[-1]
    return int(tail) if tail.isdigit() else 0


def test_folded_backbone_computes_what_keras_inception_does() -> None:
    rng = np.random.default_rng(0)
    full = keras.applications.InceptionV3(
        include_top=False,
        weights=None,  # pyright: ignore[reportArgumentType] - what it documents
        input_shape=(80, 80, 3),
    )
    tensors: dict[str, np.ndarray] = {}
    for kind, names in (
        (keras.layers.Conv2D, ("kernel",)),
        (keras.layers.BatchNormalization, ("beta", "moving_mean", "moving_variance")),
    ):
        layers = [layer for layer in full.layers if isinstance(layer, kind)]
        assert len(layers) == 94
        for number, layer in enumerate(sorted(layers, key=lambda one: _number(one.name)), 1):
            weights = [weight.copy() for weight in layer.get_weights()]
            if kind is keras.layers.BatchNormalization:
                weights = [
                    rng.normal(0, 0.3, weights[0].shape),
                    rng.normal(0, 0.3, weights[1].shape),
                    rng.uniform(0.2, 1.5, weights[2].shape),
                ]
                layer.set_weights(weights)
            prefix = "conv2d" if kind is keras.layers.Conv2D else "batch_normalization"
            tensors |= {f"{prefix}_{number}/{n}": w for n, w in zip(names, weights, strict=True)}
    backbone = build_backbones(80, ["mixed8"])
    load_start(backbone, tensors)
    reference = keras.Model(full.input, full.get_layer("mixed8").output)
    pixels = rng.uniform(-1, 1, (1, 80, 80, 3)).astype(np.float32)

    ours, theirs = np.asarray(backbone(pixels)), np.asarray(reference(pixels))

    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_cut_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="mixed8"):
        build_backbones(96, ["mixed8", "mixed11"])


def test_backbones_have_their_first_layers_in_common() -> None:
    both = build_backbones(80, ["mixed8", "mixed7"])
    alone = build_backbones(80, ["mixed7"])
    names = {layer.name for layer in both.layers}
    for layer in alone.layers:
        if layer.get_weights():
            own = prefix_of(1) + layer.name
            layer.set_weights(both.get_layer(own if own in names else layer.name).get_weights())
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 80, 80, 3)).astype(np.float32)

    outputs = [np.asarray(output) for output in both(pixels)]

    assert [output.shape[-1] for output in outputs] == [1280, 768]
    np.testing.assert_allclose(outputs[1], np.asarray(alone(pixels)), rtol=1e-3, atol=1e-4)
    assert SHARED in names
    assert prefix_of(1) + SHARED not in names
    assert {"mixed1", prefix_of(1) + "mixed1"} <= names
