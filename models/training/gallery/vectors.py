"""The vector of every labelled face, computed once for an embedding; what is broken off goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.training.augmentation import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.embedding.embedder import Embedder
    from models.training.breadth.faces import FaceSet
    from models.types import Vectors

AT_ONCE: Final = 32
"""Faces that are embedded between two writes."""


def face_vectors(
    faces: FaceSet,
    chosen: Sequence[int],
    embedder: Embedder,
    file: Path,
    report: Callable[[float], None] | None = None,
) -> Vectors:
    """Return the vectors of all faces, (faces, dimensions) float32; zeros for those not `chosen`.

    They are kept in `file` in half precision, a row of zeros for each face that is not embedded
    yet. `report` gets the share that is done, 0 to 1.
    """
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.zeros((len(faces), embedder.dimensions), np.float16))
    kept = np.load(file, mmap_mode="r+")
    missing = [i for i in chosen if not kept[i].any()]
    for first in range(0, len(missing), AT_ONCE):
        some = missing[first : first + AT_ONCE]
        crops = np.stack([framed(faces.picture(i), embedder.side) for i in some])
        kept[some] = embedder.embed(crops)
        kept.flush()
        if report is not None:
            report((first + len(some)) / len(missing))
    vectors = np.zeros(kept.shape, np.float32)
    vectors[list(chosen)] = kept[list(chosen)]
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def embedded(file: Path) -> NDArray[np.bool_]:
    """Which faces have a vector in a file of `face_vectors`, (faces,)."""
    return np.any(np.load(file, mmap_mode="r") != 0, axis=1)
