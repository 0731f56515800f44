"""Where training starts: the networks that the npm package `nsfwjs` (MIT) carries.

Its Inception-v3 lies in `dist/models/inception_v3` as base64 shards, each tensor quantised to uint8
(value * scale + min). The batch norms are folded into the convolutions before them, see
`models.training.inception`.
"""

from __future__ import annotations

import base64
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Tensors = dict[str, "NDArray[np.float32]"]
"""Named arrays, float32."""

PACKAGE_FOLDER: Final = "package/dist/models/inception_v3"
BATCH_NORM_EPSILON: Final = 1e-3

_SHARD = re.compile(r'exports="([A-Za-z0-9+/=]+)"')
_TENSOR = re.compile(
    r'\{name:"(?P<name>[^"]+)",shape:\[(?P<shape>[\d,]*)\],dtype:"float32",'
    r"quantization:\{(?P<quantization>[^}]*)\}\}"
)


class StartError(Exception):
    """The starting weights can't be read; the message says why and what to do."""


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
