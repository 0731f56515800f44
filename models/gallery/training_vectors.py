"""Labelled vectors of the data that was learned from: what heads of servers are fitted beside.

They are kept in half precision and bound to the backbone that made them; no picture can be shown
from them, and vectors of two backbones don't compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit
from models.weight_files import WEIGHTS, read_bound, write_bound

if TYPE_CHECKING:
    from models.gallery.gallery import Gallery
    from models.types import Vectors

VECTORS_FILE: Final = WEIGHTS / "vectors.safetensors"


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Labelled vectors of the shipped data: (n, dimensions); near-duplicates share a group."""

    vectors: Vectors
    labels: tuple[str, ...]
    groups: tuple[int, ...]

    @classmethod
    def of_gallery(cls, gallery: Gallery) -> VectorSet:
        """Take a gallery's centroids for its data, each a group of its own."""
        labels = tuple(character.id for character in gallery.characters)
        return cls(gallery.centroids, labels, tuple(range(len(labels))))

    @classmethod
    def load(cls, path: Path, backbone: str) -> VectorSet | None:
        """Read the set that was shipped; None where there is none for this backbone."""
        read = read_bound(path, backbone)
        if read is None:
            return None
        about, held = read
        vectors = unit(held["vectors"].astype(np.float32))
        return cls(vectors, tuple(about["labels"]), tuple(held["groups"].tolist()))

    def save(self, path: Path, backbone: str) -> None:
        """Write the set in half precision, bound to the backbone that made it."""
        tensors = {
            "vectors": self.vectors.astype(np.float16),
            "groups": np.array(self.groups, np.int32),
        }
        write_bound(path, backbone, {"labels": list(self.labels)}, tensors)
