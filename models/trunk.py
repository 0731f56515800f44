"""The trunk: Inception-v3 with its batch norms folded, and where its starting weights come from.

Method: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2016). The
statistics of the batch norms stay frozen throughout, so each is an affine step that is folded into
the convolution before it: kernel / sqrt(variance + 1e-3), bias = beta - mean / sqrt(variance +
1e-3). The folded trunk computes the same as `keras.applications.InceptionV3`, in training too, with
a third of the layers.

The start without a download from Keras: the npm package `nsfwjs` (MIT) carries an Inception-v3 in
`dist/models/inception_v3` as base64 shards, each tensor quantised to uint8 (value * scale + min).
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false

from __future__ import annotations

import base64
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from models.lean_keras import keras

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Tensors = dict[str, "NDArray[np.float32]"]
"""Named arrays, float32."""

CUTS: Final = ("mixed6", "mixed7", "mixed8")
"""Where a trunk may end: 768, 768 and 1280 channels, strides of 16, 16 and 32 pixels."""

SHARED: Final = "mixed0"
"""The last block that several trunks have in common: it and all before keep their start."""

PACKAGE_FOLDER: Final = "package/dist/models/inception_v3"
BATCH_NORM_EPSILON: Final = 1e-3

_SHARD = re.compile(r'exports="([A-Za-z0-9+/=]+)"')
_TENSOR = re.compile(
    r'\{name:"(?P<name>[^"]+)",shape:\[(?P<shape>[\d,]*)\],dtype:"float32",'
    r"quantization:\{(?P<quantization>[^}]*)\}\}"
)


class StartError(Exception):
    """The starting weights can't be read; the message says why and what to do."""


@dataclass
class _Layers:
    """Makes the folded convolutions in the order of Inception-v3's own numbering."""

    prefix: str
    made: int = 0

    def conv(
        self,
        x: keras.KerasTensor,
        filters: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: str = "same",
    ) -> keras.KerasTensor:
        """Add convolution, bias and ReLU."""
        self.made += 1
        return keras.layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            padding=padding,
            activation="relu",
            name=f"{self.prefix}conv_{self.made:02d}",
        )(x)


def prefix_of(trunk: int) -> str:
    """What the names of the layers of trunk `trunk`, from 0, begin with; nothing for the first."""
    return f"trunk{trunk + 1}_" if trunk else ""


def build_trunks(side: int | None, cuts: Sequence[str]) -> keras.Model:
    """Build folded trunks with random weights, as many as there are `cuts`, side by side.

    They have the layers up to the block `SHARED` in common. Input: (n, side, side, 3), -1 to 1.
    Outputs: (n, h, w, channels) of the block where each is cut, one of `CUTS`. `side` None leaves
    the size open. The names of a further trunk's own layers and blocks begin with `prefix_of` it.
    Raises ValueError for another cut or a side below 75 pixels.
    """
    for cut in cuts:
        if cut not in CUTS:
            raise ValueError(f"the trunk can be cut at {', '.join(CUTS)}, not at {cut!r}")
    if side is not None and side < 75:
        raise ValueError(f"Inception-v3 needs pictures of 75 pixels or more, not {side}")
    make = _Layers("")
    inputs = keras.Input((side, side, 3), name="pixels")
    x = make.conv(inputs, 32, 3, 2, "valid")
    x = make.conv(x, 32, 3, 1, "valid")
    x = make.conv(x, 64, 3)
    x = keras.layers.MaxPooling2D(3, 2)(x)
    x = make.conv(x, 80, 1, 1, "valid")
    x = make.conv(x, 192, 3, 1, "valid")
    x = keras.layers.MaxPooling2D(3, 2)(x)
    x = _block35(make, x, 32, SHARED)
    ends = [_rest(_Layers(prefix_of(i), make.made), x, cut) for i, cut in enumerate(cuts)]
    return keras.Model(inputs, ends, name="trunks")


def _rest(make: _Layers, x: keras.KerasTensor, cut: str) -> keras.KerasTensor:
    """Add what follows the block `SHARED`, up to the block `cut`."""
    for name in ("mixed1", "mixed2"):
        x = _block35(make, x, 64, make.prefix + name)
    x = _reduction17(make, x, f"{make.prefix}mixed3")
    for index, width in enumerate((128, 160, 160, 192), start=4):
        x = _block17(make, x, width, f"{make.prefix}mixed{index}")
        if cut == f"mixed{index}":
            return x
    return _reduction8(make, x, f"{make.prefix}mixed8")


def _block35(
    make: _Layers, x: keras.KerasTensor, pooled_width: int, name: str
) -> keras.KerasTensor:
    single = make.conv(x, 64, 1)
    five = make.conv(make.conv(x, 48, 1), 64, 5)
    double = make.conv(make.conv(make.conv(x, 64, 1), 96, 3), 96, 3)
    pooled = keras.layers.AveragePooling2D(3, 1, padding="same")(x)
    pooled = make.conv(pooled, pooled_width, 1)
    return keras.layers.Concatenate(name=name)([single, five, double, pooled])


def _reduction17(make: _Layers, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    three = make.conv(x, 384, 3, 2, "valid")
    double = make.conv(make.conv(make.conv(x, 64, 1), 96, 3), 96, 3, 2, "valid")
    return keras.layers.Concatenate(name=name)([three, double, keras.layers.MaxPooling2D(3, 2)(x)])


def _block17(make: _Layers, x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    single = make.conv(x, 192, 1)
    seven = make.conv(make.conv(make.conv(x, width, 1), width, (1, 7)), 192, (7, 1))
    double = make.conv(x, width, 1)
    for kernel in ((7, 1), (1, 7), (7, 1)):
        double = make.conv(double, width, kernel)
    double = make.conv(double, 192, (1, 7))
    pooled = keras.layers.AveragePooling2D(3, 1, padding="same")(x)
    pooled = make.conv(pooled, 192, 1)
    return keras.layers.Concatenate(name=name)([single, seven, double, pooled])


def _reduction8(make: _Layers, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    three = make.conv(make.conv(x, 192, 1), 320, 3, 2, "valid")
    seven = make.conv(make.conv(make.conv(x, 192, 1), 192, (1, 7)), 192, (7, 1))
    seven = make.conv(seven, 192, 3, 2, "valid")
    return keras.layers.Concatenate(name=name)([three, seven, keras.layers.MaxPooling2D(3, 2)(x)])


def read_start(path: Path, folder: str = PACKAGE_FOLDER) -> Tensors:
    """Read Inception-v3's tensors from an unpacked nsfwjs package or its .tgz file.

    `path` is the tarball, the unpacked `package` folder's parent, the folder itself, or the
    `inception_v3` folder; `folder` names another model of the package. Returns kernels, betas,
    means and variances under their own names (`conv2d_1/kernel`, `batch_normalization_1/beta`,
    ...). Raises StartError.
    """
    files = _package_files(path, folder)
    manifest = files.get("model.min.js")
    if manifest is None:
        raise StartError(
            f"{path} holds no {folder}/model.min.js; give the npm package nsfwjs 4.3.0, "
            "as a .tgz file or unpacked"
        )
    shards: list[bytes] = []
    for name in sorted(name for name in files if name.startswith("group1-shard")):
        match = _SHARD.search(files[name])
        if match is None:
            raise StartError(f"{path}: {name} holds no base64 shard")
        shards.append(base64.b64decode(match[1]))
    return _dequantised(manifest, b"".join(shards), path)


def _package_files(path: Path, folder: str) -> dict[str, str]:
    if path.is_file():
        try:
            with tarfile.open(path) as archive:
                members = [m for m in archive.getmembers() if m.name.startswith(f"{folder}/")]
                opened = ((Path(m.name).name, archive.extractfile(m)) for m in members)
                return {name: file.read().decode() for name, file in opened if file is not None}
        except tarfile.TarError as error:
            raise StartError(f"{path} is not an npm package: {error}") from error
    for place in (path, path / folder, path / folder.removeprefix("package/")):
        if (place / "model.min.js").is_file():
            return {file.name: file.read_text() for file in place.glob("*.min.js")}
    return {}


def _dequantised(manifest: str, data: bytes, path: Path) -> Tensors:
    tensors: Tensors = {}
    offset = 0
    for match in _TENSOR.finditer(manifest):
        shape = tuple(int(part) for part in match["shape"].split(",") if part)
        fields = dict(part.split(":", 1) for part in match["quantization"].split(","))
        size = int(np.prod(shape))
        raw = np.frombuffer(data, np.uint8, size, offset)
        offset += size
        values = raw.astype(np.float32) * float(fields["scale"]) + float(fields["min"])
        tensors[match["name"]] = values.reshape(shape)
    if offset != len(data) or not tensors:
        raise StartError(f"{path}: the shards hold {len(data)} bytes, the manifest names {offset}")
    return tensors


def folded(tensors: Mapping[str, NDArray[np.float32]], number: int) -> tuple[NDArray, NDArray]:
    """Fold batch norm `number` (from 1) into its convolution: (kernel, bias), float32."""
    kernel = tensors[f"conv2d_{number}/kernel"]
    norm = f"batch_normalization_{number}"
    scale = 1 / np.sqrt(tensors[f"{norm}/moving_variance"] + BATCH_NORM_EPSILON)
    return kernel * scale, tensors[f"{norm}/beta"] - tensors[f"{norm}/moving_mean"] * scale


def load_start(trunk: keras.Model, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Load the tensors of `read_start` into a trunk. Raises StartError if they don't fit."""
    for layer in trunk.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        number = int(layer.name.rsplit("_", 1)[1])
        try:
            layer.set_weights(list(folded(tensors, number)))
        except (KeyError, ValueError) as error:
            raise StartError(f"the starting weights don't fit {layer.name}: {error}") from error
