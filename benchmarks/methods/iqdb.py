"""IQDB's way: reverse search by the strongest Haar wavelets of the whole picture.

After Jacobs, Finkelstein and Salesin, "Fast Multiresolution Image Querying" (SIGGRAPH 1995), the
method behind imgSeek and IQDB: a picture becomes 128 x 128 in YIQ, each channel is decomposed by
standard Haar wavelets, and the signs and places of its 40 strongest coefficients are its signature.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Pixels

_SIDE = 128
_KEPT = 40
_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.596, -0.275, -0.321], [0.212, -0.523, 0.311]], dtype=np.float32
)
_WEIGHTS = np.array(
    [
        [5.00, 19.21, 34.37],
        [0.83, 1.26, 0.36],
        [1.01, 0.44, 0.45],
        [0.52, 0.53, 0.14],
        [0.47, 0.28, 0.18],
        [0.30, 0.14, 0.27],
    ],
    dtype=np.float32,
)
"""The paper's weights for scanned pictures: rows are the coefficient's bin, columns Y, I and Q."""


def _haar(side: int) -> NDArray[np.float32]:
    """Return the orthonormal Haar matrix of (side, side); side is a power of two."""
    matrix = np.ones((1, 1), dtype=np.float32)
    while len(matrix) < side:
        coarse = np.kron(matrix, [1, 1])
        fine = np.kron(np.eye(len(matrix)), [1, -1])
        matrix = (np.vstack([coarse, fine]) / np.sqrt(2)).astype(np.float32)
    return matrix


_HAAR = _haar(_SIDE)
_BIN = np.minimum(np.maximum.outer(*[np.log2(np.maximum(np.arange(_SIDE), 1)).astype(int)] * 2), 5)


@dataclass(frozen=True, slots=True)
class Signature:
    """The mean colour (3,) in YIQ, 0 to 1, and the signs (3, 128, 128) of the kept coefficients."""

    mean: NDArray[np.float32]
    signs: NDArray[np.int8]


def signature(picture: Pixels) -> Signature:
    """Return the signature of a picture of any size."""
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    channels = np.moveaxis(small / 255 @ _YIQ.T, -1, 0)
    waves = _HAAR @ channels @ _HAAR.T
    waves[:, 0, 0] = 0
    signs = np.zeros(waves.shape, dtype=np.int8)
    for channel, wave in enumerate(waves):
        strongest = np.argpartition(np.abs(wave).ravel(), -_KEPT)[-_KEPT:]
        signs[channel].ravel()[strongest] = np.sign(wave.ravel()[strongest])
    return Signature(channels.mean(axis=(1, 2)), signs)


class WaveletIndex:
    """A database of signatures that is asked for the similarity of each picture in it."""

    def __init__(self, signatures: list[Signature]) -> None:
        self._means = np.stack([s.mean for s in signatures])
        self._signs = np.stack([s.signs for s in signatures])

    def similarities(self, query: Signature) -> NDArray[np.float32]:
        """Return the similarity of every stored picture to the query, (n,), per cent.

        100 is the same signature; 0 is one with no common coefficient and the same mean colour.
        """
        weight = np.moveaxis(_WEIGHTS[_BIN], -1, 0) * np.abs(query.signs)
        agree = (self._signs == query.signs) & (query.signs != 0)
        colour = np.abs(self._means - query.mean) @ _WEIGHTS[0]
        score = (agree * weight).sum(axis=(1, 2, 3)) - colour
        return (100 * score / weight.sum()).astype(np.float32)
