"""The folded trunk against Keras's own Inception-v3, and the reader of the npm package."""

from __future__ import annotations

import base64
import io
import tarfile
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest

from models.trunk import SHARED, StartError, build_trunks, load_start, prefix_of, read_start

if TYPE_CHECKING:
    from pathlib import Path


def _number(name: str) -> int:
    tail = name.rsplit("_", 1)[-1]
    return int(tail) if tail.isdigit() else 0


def test_folded_trunk_computes_what_keras_inception_does() -> None:
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
    trunk = build_trunks(80, ["mixed8"])
    load_start(trunk, tensors)
    reference = keras.Model(full.input, full.get_layer("mixed8").output)
    pixels = rng.uniform(-1, 1, (1, 80, 80, 3)).astype(np.float32)

    ours, theirs = trunk.predict_on_batch(pixels), reference.predict_on_batch(pixels)

    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_cut_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="mixed8"):
        build_trunks(96, ["mixed8", "mixed11"])


def test_trunks_have_their_first_layers_in_common() -> None:
    both = build_trunks(80, ["mixed8", "mixed7"])
    alone = build_trunks(80, ["mixed7"])
    names = {layer.name for layer in both.layers}
    for layer in alone.layers:
        if layer.get_weights():
            own = prefix_of(1) + layer.name
            layer.set_weights(both.get_layer(own if own in names else layer.name).get_weights())
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 80, 80, 3)).astype(np.float32)

    outputs = both.predict_on_batch(pixels)

    assert [output.shape[-1] for output in outputs] == [1280, 768]
    np.testing.assert_allclose(outputs[1], alone.predict_on_batch(pixels), rtol=1e-3, atol=1e-4)
    assert SHARED in names
    assert prefix_of(1) + SHARED not in names
    assert {"mixed1", prefix_of(1) + "mixed1"} <= names


def _package(folder: Path) -> None:
    folder.mkdir(parents=True)
    manifest = (
        'weightsManifest:[{weights:[{name:"conv2d_1/kernel",shape:[2,3],dtype:"float32",'
        'quantization:{min:-1,scale:.5,dtype:"uint8"}},{name:"conv2d_2/kernel",shape:[1],'
        'dtype:"float32",quantization:{min:0,scale:2,dtype:"uint8"}}]}]'
    )
    (folder / "model.min.js").write_text(manifest)
    for index, part in enumerate((bytes([0, 1, 2, 3]), bytes([4, 5, 6])), 1):
        text = f'n.exports="{base64.b64encode(part).decode()}"'
        (folder / f"group1-shard{index}of2.min.js").write_text(text)


def test_start_is_read_from_folder_and_tarball_alike(tmp_path: Path) -> None:
    inner = tmp_path / "package" / "dist" / "models" / "inception_v3"
    _package(inner)
    tarball = tmp_path / "nsfwjs.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(tmp_path / "package", "package")

    for path in (tmp_path, tmp_path / "package", inner, tarball):
        tensors = read_start(path)
        np.testing.assert_allclose(tensors["conv2d_1/kernel"], [[-1, -0.5, 0], [0.5, 1, 1.5]])
        np.testing.assert_allclose(tensors["conv2d_2/kernel"], [12])


def test_a_folder_without_the_package_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nsfwjs 4\.3\.0"):
        read_start(tmp_path)
    broken = tmp_path / "broken.tgz"
    broken.write_bytes(io.BytesIO(b"no archive").getvalue())
    with pytest.raises(StartError, match="not an npm package"):
        read_start(broken)
