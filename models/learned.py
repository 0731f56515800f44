"""The learned detector: a small network that marks the centres of heads on a heat map.

A picture is shrunk to a fixed set of shapes and looked at once. Where nothing is found, it is
looked at closer, for heads that take little of it. `models.headmap` describes the network,
`models.training.detector` how it is trained, docs/detection.md what it finds.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import keras
import numpy as np

from models.boxes import around, cluster, iou, mean_box, reading_order
from models.headmap import MULTIPLE, SIDE_UNIT, STRIDE, build_headmap, load_headmap, normalised
from models.types import Box, Face, Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

DETECTOR_FILE: Final = Path(__file__).with_name("weights") / "detector.safetensors"

THRESHOLD: Final = 0.35
"""Heat from which a peak is a head; chosen on posts that are not in the test."""

LONGEST: Final = 320
"""Longer side of the picture at the first look, in pixels."""

CLOSER: Final = 512
"""Longer side at the second look, where the first found nothing."""

SHAPES: Final = (1.0, 0.8, 0.6)
"""Shorter sides of the padded input in parts of the longer one; the least that fits is taken."""

VOTING: Final = 0.5
"""Cells that are this warm, in parts of the peak, and box the same face, are averaged."""


@dataclass(frozen=True, slots=True)
class _Cell:
    box: Box
    heat: float


class LearnedDetector:
    """Finds heads with the learned network; may be called from several threads at once."""

    def __init__(self, network: keras.Model, *, threshold: float = THRESHOLD) -> None:
        """Take a network of `models.headmap` that accepts every shape."""
        self.threshold = threshold
        network.trainable = False
        self._network = network
        self._of_shape: dict[tuple[int, int], keras.Model] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None, *, threshold: float = THRESHOLD) -> LearnedDetector:
        """Load the shipped weights, or those of `path`.

        Raises ValueError: the weights are missing, unreadable or of another network.
        """
        network = build_headmap()
        load_headmap(network, path or DETECTOR_FILE)
        return cls(network, threshold=threshold)

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, in reading order.

        The score is the heat of the head's centre, `threshold` to 1.
        """
        return self.look(picture, LONGEST) or self.look(picture, CLOSER)

    def look(self, picture: Pixels, longest: int) -> list[Face]:
        """Return the heads seen when the picture's longer side is `longest` pixels."""
        height, width = picture.shape[:2]
        scale = longest / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = cv2.resize(picture, size, interpolation=interpolation)
        rows, columns = padded_shape(size[1], size[0], longest)
        batch = np.zeros((1, rows, columns, 3), np.uint8)
        batch[0, : size[1], : size[0]] = pixels
        with self._lock:
            network = self._compiled(rows, columns)
            given = np.asarray(network.predict_on_batch(normalised(batch)))[0]
        return [
            Face(Box(*(value / scale for value in face.box.as_list())), face.score)
            for face in decode_heads(given, self.threshold)
        ]

    def _compiled(self, rows: int, columns: int) -> keras.Model:
        """Return the network compiled for a shape; all share the same weights."""
        network = self._of_shape.get((rows, columns))
        if network is None:
            pixels = keras.Input((rows, columns, 3))
            network = keras.Model(pixels, self._network(pixels))
            network.compile(jit_compile=False)
            self._of_shape[rows, columns] = network
        return network


def padded_shape(height: int, width: int, longest: int) -> tuple[int, int]:
    """Return the least shape (height, width) of the fixed set that holds the picture."""
    shorter = min(height, width)
    sides = [-(-round(longest * part) // MULTIPLE) * MULTIPLE for part in SHAPES]
    least = min(side for side in sides if side >= shorter)
    longer = -(-longest // MULTIPLE) * MULTIPLE
    return (longer, least) if height >= width else (least, longer)


def decode_heads(given: NDArray[np.float32], threshold: float) -> list[Face]:
    """Turn the network's map, (rows, columns, 4), into heads in pixels of its input.

    Cells of one face are joined: the box is the mean of the warm cells around the peak, weighted
    by their heat. Faces in reading order; scores are the peaks' heat.
    """
    heat = 1 / (1 + np.exp(-given[..., 0]))
    at = np.argwhere(heat >= threshold * VOTING)
    cells = [
        _Cell(
            around(
                (column + 0.5) * STRIDE + dx * side, (row + 0.5) * STRIDE + dy * side, float(side)
            ),
            float(heat[row, column]),
        )
        for row, column in at
        for side in [SIDE_UNIT * np.exp(np.clip(given[row, column, 1], -3, 4))]
        for dx, dy in [given[row, column, 2:4]]
    ]
    heads: list[Face] = []
    for group in cluster([cell.box for cell in cells], [cell.heat for cell in cells]):
        peak = cells[group[0]]
        if peak.heat < threshold:
            continue
        warm = [cells[i] for i in group if cells[i].heat >= VOTING * peak.heat]
        near = [cell for cell in warm if iou(cell.box, peak.box) >= VOTING]
        box = mean_box([cell.box for cell in near], [cell.heat for cell in near])
        heads.append(Face(box, peak.heat))
    return reading_order(heads)
