"""How vectors are stored: half precision in little-endian bytes, or in a NumPy archive."""

from __future__ import annotations

import base64
import zipfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.types import Vector


def pack_vector(vector: Vector) -> bytes:
    """Return a vector, (dimensions,) float32, as it is stored: half precision, little-endian."""
    return np.asarray(vector, dtype="<f2").tobytes()


def unpack_vector(data: bytes) -> Vector:
    """Read a stored vector, and give it unit length again; rounding took a little of it."""
    vector = np.frombuffer(data, dtype="<f2").astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def to_text(vector: Vector) -> str:
    """Return a vector, (dimensions,) float32, as base64 of its bytes, little-endian."""
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def from_text(text: str) -> Vector:
    """Read what `to_text` wrote, to the bit. Raises ValueError."""
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)


def write_vectors(path: Path, files: Sequence[str], vectors: Sequence[Vector]) -> None:
    """Write the arrays `file` and `vector` into one .npz; a file comes once for each of its faces.

    Raises OSError.
    """
    # numpy.savez has a parameter `file` of its own, so it can't write an array of that name.
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in (("file", np.array(files)), ("vector", np.stack(vectors))):
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
