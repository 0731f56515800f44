"""The learned detector: a small network that marks the centres of heads on a heat map.

A picture is looked at in a few views, small and larger and mirrored, and a head's score is the mean
of its heat over them: heads are seen in all views, buttons and brooches in one. The best head of a
picture is believed sooner than further ones, as nearly every picture that is posted shows one.
`models.headmap` describes the network, `models.training.detector` how it is trained,
docs/detection.md what it finds.
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
    from collections.abc import Sequence

    from numpy.typing import NDArray

DETECTOR_FILE: Final = Path(__file__).with_name("weights") / "detector.safetensors"

FIRST: Final = 0.2
"""Score from which the best head of a picture is taken."""

FURTHER: Final = 0.5
"""Score from which further heads are taken; docs/detection.md says how both were chosen."""

LEAST: Final = 0.08
"""Heat below which a view's peak is not looked at."""


@dataclass(frozen=True, slots=True)
class View:
    """A look at a picture whose longer side is `longest` pixels."""

    longest: int
    mirrored: bool = False


VIEWS: Final = (View(192), View(256), View(256, mirrored=True))

CLOSER: Final = (View(512),)
"""Looked at where the first views find nothing, for heads that take little of the picture."""

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

    def __init__(self, network: keras.Model) -> None:
        """Take a network of `models.headmap` that accepts every shape."""
        network.trainable = False
        self._network = network
        self._of_shape: dict[tuple[int, int], keras.Model] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None) -> LearnedDetector:
        """Load the shipped weights, or those of `path`.

        Raises ValueError: the weights are missing, unreadable or of another network.
        """
        network = build_headmap()
        load_headmap(network, path or DETECTOR_FILE)
        return cls(network)

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, in reading order.

        The score is the mean heat of the head's centre over the views, `FIRST` to 1.
        """
        return believed(self.candidates(picture)) or believed(
            self.candidates(picture, CLOSER), first=FURTHER
        )

    def candidates(self, picture: Pixels, views: Sequence[View] = VIEWS) -> list[Face]:
        """Return all that might be heads, however low their score."""
        return fused([self.look(picture, view) for view in views])

    def look(self, picture: Pixels, view: View) -> list[Face]:
        """Return what one view shows, from a heat of `LEAST`."""
        height, width = picture.shape[:2]
        scale = view.longest / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = cv2.resize(picture, size, interpolation=interpolation)
        rows, columns = padded_shape(size[1], size[0], view.longest)
        batch = np.zeros((1, rows, columns, 3), np.uint8)
        batch[0, : size[1], : size[0]] = pixels[:, ::-1] if view.mirrored else pixels
        with self._lock:
            network = self._compiled(rows, columns)
            given = np.asarray(network.predict_on_batch(normalised(batch)))[0]
        faces = [
            Face(Box(*(value / scale for value in face.box.as_list())), face.score)
            for face in decode_heads(given, LEAST)
        ]
        if not view.mirrored:
            return faces
        return [
            Face(
                Box(width - face.box.x1, face.box.y0, width - face.box.x0, face.box.y1), face.score
            )
            for face in faces
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


def fused(views: Sequence[Sequence[Face]]) -> list[Face]:
    """Join what several views show: mean boxes, and mean scores where 0 stands for not seen."""
    seen = [(number, face) for number, faces in enumerate(views) for face in faces]
    heads: list[Face] = []
    for group in cluster([face.box for _, face in seen], [face.score for _, face in seen]):
        best: dict[int, float] = {}
        for number, face in (seen[index] for index in group):
            best[number] = max(best.get(number, 0.0), face.score)
        faces = [seen[index][1] for index in group]
        box = mean_box([face.box for face in faces], [face.score**2 for face in faces])
        heads.append(Face(box, sum(best.values()) / len(views)))
    return heads


def believed(
    candidates: Sequence[Face], first: float = FIRST, further: float = FURTHER
) -> list[Face]:
    """Return, in reading order, the best candidate from `first`, the others from `further`."""
    best = max(candidates, key=lambda face: face.score, default=None)
    return reading_order(
        [
            face
            for face in candidates
            if face.score >= further or (face is best and face.score >= first)
        ]
    )


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
