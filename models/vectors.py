"""How a vector is stored: half precision in little-endian bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.types import Vector


def pack_vector(vector: Vector) -> bytes:
    """Return a vector, (dimensions,) float32, as it is stored: half precision, little-endian."""
    return np.asarray(vector, dtype="<f2").tobytes()


def unpack_vector(data: bytes) -> Vector:
    """Read a stored vector, and give it unit length again; rounding took a little of it."""
    vector = np.frombuffer(data, dtype="<f2").astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
