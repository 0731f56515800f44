"""Faces in one file, small enough to travel to a machine with an accelerator.

Each face is a WebP picture of at most `side` pixels; the index says whose it is and its role. The
art belongs to its makers: a pack is for training alone, and is kept out of git.
"""

# OpenCV's annotations forget what encoders take.
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.training.breadth.faces import Face, FaceSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.types import Pixels

SIDE: Final = 112
QUALITY: Final = 60


def write_pack(
    path: Path,
    faces: FaceSet,
    roles: Sequence[str],
    appearances: dict[str, int],
    *,
    side: int = SIDE,
    quality: int = QUALITY,
) -> int:
    """Write all faces but those of the role `dropped`; returns how many bytes."""
    chosen = [i for i, role in enumerate(roles) if role != "dropped"]
    with ThreadPoolExecutor(2) as pool:
        encoded = list(pool.map(lambda i: _encoded(faces.picture(i), side, quality), chosen))
    index = {
        "faces": [asdict(faces.faces[i]) for i in chosen],
        "roles": [roles[i] for i in chosen],
        "appearances": appearances,
    }
    sizes = np.array([len(one) for one in encoded], np.int64)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            index=np.frombuffer(json.dumps(index).encode(), np.uint8),
            sizes=sizes,
            data=np.frombuffer(b"".join(encoded), np.uint8),
        )
    unfinished.replace(path)
    return path.stat().st_size


def read_pack(*parts: Path, threads: int = 8) -> tuple[FaceSet, list[str], dict[str, int]]:
    """Read a pack, given whole or as the parts it was cut into: faces, roles, appearances."""
    whole = io.BytesIO(b"".join(part.read_bytes() for part in parts))
    with np.load(whole) as file:
        index = json.loads(file["index"].tobytes())
        ends = np.cumsum(file["sizes"])
        data = file["data"]
    starts = ends - np.diff(ends, prepend=0)
    with ThreadPoolExecutor(threads) as pool:
        decoded = list(pool.map(lambda n: _decoded(data[starts[n] : ends[n]]), range(len(ends))))
    places, start = [], 0
    for pixels in decoded:
        places.append((start, *pixels.shape[:2]))
        start += pixels.size
    flat = np.concatenate([pixels.reshape(-1) for pixels in decoded])
    faces = [Face(**face) for face in index["faces"]]
    return FaceSet(faces, np.array(places, np.int64), flat), index["roles"], index["appearances"]


def cut(path: Path, most: int) -> list[Path]:
    """Cut a file into parts of at most `most` bytes beside it."""
    whole = path.read_bytes()
    parts: list[Path] = []
    for number, first in enumerate(range(0, len(whole), most)):
        part = path.with_name(f"{path.name}.{number}")
        part.write_bytes(whole[first : first + most])
        parts.append(part)
    return parts


def _encoded(pixels: Pixels, side: int, quality: int) -> bytes:
    scale = min(1.0, side / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)[..., ::-1]
    return cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()


def _decoded(encoded: np.ndarray) -> Pixels:
    pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(pixels, np.uint8)[..., ::-1])
