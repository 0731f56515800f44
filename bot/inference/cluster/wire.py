"""How pictures and faces go between bot and cluster: HTTP with safetensors, which run no code.

| request | body | answer |
| --- | --- | --- |
| `POST /find?name=` | a picture file | what was found: `FoundFaces` |
| `POST /embed` | crops (n, side, side, 3) uint8 | vectors (n, d) float32 |
| `GET /healthz` | | 200 while the cluster works |

Each request has the header `SETTINGS`. Status 422 carries a PictureError as JSON; 400 is a body
that can't be read, 409 another side with other settings, 503 one that has too much to do, has no
replica, or is ending.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bot.inference.stages import FoundFaces
from models.images.decoding import PictureError
from models.types import Box, Face

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from models.types import Pixels

SETTINGS: Final = "Moedex-Settings"
"""The header with the fingerprint of `bot.inference.cluster.settings`."""

MOST_CROPS: Final = 512
"""Crops of one request, at most."""

_ABOUT: Final = "about"


class WireError(Exception):
    """What the other side sent is not what this side expects."""


def pack_found(found: FoundFaces) -> bytes:
    """Write down what was found in a picture, without its frames: whoever asked has the file."""
    about = {
        "width": found.width,
        "height": found.height,
        "phash": found.phash,
        "sha256": found.sha256,
        "seconds": found.seconds,
        "more": found.more,
    }
    boxes = [(f.box.x0, f.box.y0, f.box.x1, f.box.y1, f.score, f.frame) for f in found.faces]
    return save(
        {
            _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8),
            "faces": np.array(boxes, np.float64).reshape(-1, 6),
            "crops": np.ascontiguousarray(found.crops),
        }
    )


def unpack_found(
    data: bytes, frames: Callable[[Collection[int]], Mapping[int, Pixels]]
) -> FoundFaces:
    """Read what `pack_found` wrote; `frames` gets those that have faces. Raises WireError."""
    arrays = _loaded(data)
    try:
        about: dict[str, Any] = json.loads(arrays[_ABOUT].tobytes())
        faces = tuple(Face(Box(*row[:4]), row[4], int(row[5])) for row in arrays["faces"].tolist())
        crops = _crops_in(arrays)
        if len(crops) != len(faces):
            raise ValueError("faces and crops differ in number")
        shown = frames({face.frame for face in faces})
        return FoundFaces(frames=shown, faces=faces, crops=crops, **about)
    except (KeyError, ValueError, TypeError) as error:
        raise WireError(f"what was found can't be read: {error}") from error


def pack_crops(crops: NDArray[np.uint8]) -> bytes:
    """Write down crops, (n, side, side, 3) uint8."""
    return save({"crops": np.ascontiguousarray(crops)})


def unpack_crops(data: bytes, side: int) -> NDArray[np.uint8]:
    """Read what `pack_crops` wrote, crops of `side` pixels. Raises WireError."""
    try:
        crops = _crops_in(_loaded(data))
    except (KeyError, ValueError) as error:
        raise WireError(f"crops can't be read: {error}") from error
    if crops.shape[1] != side or not 0 < len(crops) <= MOST_CROPS:
        raise WireError(f"{len(crops)} crops of {crops.shape[1]} px, not 1 to {MOST_CROPS}, {side}")
    return crops


def pack_vectors(vectors: NDArray[np.float32]) -> bytes:
    """Write down vectors, (n, d) float32."""
    return save({"vectors": np.ascontiguousarray(vectors)})


def unpack_vectors(data: bytes, count: int) -> NDArray[np.float32]:
    """Read `count` vectors that `pack_vectors` wrote. Raises WireError."""
    vectors = _loaded(data).get("vectors")
    if vectors is None or vectors.dtype != np.float32 or vectors.ndim != 2:
        raise WireError("there are no vectors")
    if len(vectors) != count:
        raise WireError(f"{len(vectors)} vectors came for {count} crops")
    return vectors


def pack_picture_error(error: PictureError) -> bytes:
    """Write down why a picture can't be read."""
    return json.dumps({"code": error.code, "message": error.message, "name": error.name}).encode()


def unpack_picture_error(data: bytes) -> PictureError:
    """Read what `pack_picture_error` wrote. Raises WireError."""
    try:
        told = json.loads(data)
        return PictureError(told["code"], told["message"], told["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise WireError("a refusal without a reason") from error


def _crops_in(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    crops = arrays["crops"]
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[2:] != (crops.shape[1], 3):
        raise ValueError(f"crops of {crops.dtype} {crops.shape}")
    return crops


def _loaded(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WireError(f"not safetensors: {error}") from error
