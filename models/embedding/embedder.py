"""From face crops to unit vectors, by the network in `models/weights/embedding.tflite`.

The cosine of two vectors says how alike two faces are. `models.training.embedding_network` builds
and trains the network; here it is only run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.session import Session, normalised
from models.weight_files import WEIGHTS, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Vectors

    Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """(n, side, side, 3) float32, -1 to 1 -> (n, dimensions) float32 of unit length."""

EMBEDDING_FILE: Final = WEIGHTS / "embedding.tflite"

BATCH: Final = 2
"""Pictures in a batch: as many as a face with its closer copy has."""

CLOSER: Final = 0.72
"""The side of what a closer copy shows, as a share of the crop's."""


def version_of(path: Path | None = None) -> str:
    """Return what vectors of a weights file (default: the installed one) are bound to.

    The first twelve digits of the file's SHA-256; nothing is loaded. Raises WeightsError.
    """
    file = path or EMBEDDING_FILE
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise WeightsError(f"the embedding's weights {file} can't be read ({error})") from error


def closer(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a crop, (side, side, 3), as large as the crop, mirrored: its closer copy.

    Portraits are cut wider than the faces that people post; beside its closer copy a face is like
    itself at either size.
    """
    side = len(crop)
    rim = round(side * (1 - CLOSER) / 2)
    middle = crop[rim : side - rim, rim : side - rim][:, ::-1]
    return np.asarray(cv2.resize(middle, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


class Embedder:
    """Face crops in, unit vectors out. Safe to share between threads.

    `side`: pixels of the square crops. `dimensions`: length of a vector. `twice`: whether a vector
    is the mean of those of the crop and of its `closer` copy. `version`: the first twelve digits of
    the SHA-256 of the weights file; vectors of two versions don't compare.
    """

    def __init__(
        self, network: Network, *, side: int, dimensions: int, version: str, twice: bool = True
    ) -> None:
        self.side = side
        self.dimensions = dimensions
        self.version = version
        self.twice = twice
        self._network = network

    @classmethod
    def load(cls, path: Path | None = None, *, twice: bool = True) -> Embedder:
        """Load the installed weights, or those of `path`. Raises WeightsError."""
        file = path or EMBEDDING_FILE
        version = version_of(file)
        session = Session(file, "the embedding's", "all")
        _, side, _, _ = session.input_shape
        return cls(
            session,
            side=side,
            dimensions=session.output_shape[-1],
            version=version,
            twice=twice,
        )

    def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        """Embed crops, (n, side, side, 3) uint8 RGB; returns (n, dimensions) float32, unit length.

        Raises ValueError for another shape.
        """
        if crops.ndim != 4 or crops.shape[1:] != (self.side, self.side, 3):
            raise ValueError(f"crops must be (n, {self.side}, {self.side}, 3), not {crops.shape}")
        if len(crops) == 0:
            return np.empty((0, self.dimensions), np.float32)
        if not self.twice:
            return self._vectors(crops)
        both = self._vectors(np.concatenate([crops, np.stack([*map(closer, crops)])]))
        vectors = both[: len(crops)] + both[len(crops) :]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def warm_up(self) -> None:
        """Run the network once, so that the first answer is quick."""
        self.embed(np.zeros((1, self.side, self.side, 3), np.uint8))

    def _vectors(self, crops: NDArray[np.uint8]) -> Vectors:
        starts = range(0, len(crops), BATCH)
        return np.concatenate(
            [self._network(normalised(crops[start : start + BATCH])) for start in starts]
        )
