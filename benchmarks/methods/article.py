"""The article's own way: a frozen Inception-v3 with a new last layer.

"Image Recognition for Anime Characters" (2017) cuts faces to 96 pixels with nagadomi's cascade and
trains a softmax on the features of an ImageNet Inception-v3. Here the features are the global
average of `mixed7`, the best of the blocks that the starting weights carry unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.inception import build_backbones, load_start
from models.training.start import read_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Pixels

_CROP_SIDE = 96
_NETWORK_SIDE = 128
_BATCH = 64


class FrozenInception:
    """Vectors of (768,) float32; `start` is the npm package that carries the starting weights."""

    name = "The article's way"

    def __init__(self, start: Path) -> None:
        self._backbone = build_backbones(_NETWORK_SIDE, ("mixed7",))
        load_start(self._backbone, read_start(start))

    def describe_all(
        self, pictures: Sequence[Pixels], crop_side: int = _CROP_SIDE
    ) -> NDArray[np.float32]:
        """Return the features of pictures of any size, (n, 768), each of unit length.

        `crop_side` is the size in pixels that a picture is cut down to before it is scaled to the
        network's: 96 as in the article.
        """
        rows: list[NDArray[np.float32]] = []
        for start in range(0, len(pictures), _BATCH):
            batch = np.stack([_scaled(p, crop_side) for p in pictures[start : start + _BATCH]])
            maps = self._backbone.predict_on_batch(batch.astype(np.float32) / 127.5 - 1)
            rows.append(np.asarray(maps, dtype=np.float32).mean(axis=(1, 2)))
        vectors = np.concatenate(rows)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _scaled(picture: Pixels, crop_side: int) -> Pixels:
    small = cv2.resize(picture, (crop_side, crop_side), interpolation=cv2.INTER_AREA)
    sized = cv2.resize(small, (_NETWORK_SIDE, _NETWORK_SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(sized, dtype=np.uint8)
