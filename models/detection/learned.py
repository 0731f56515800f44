"""The learned detector: a small network that marks the centres of heads on a heat map.

A picture is looked at small; where that leaves no doubt, it is all. Else it is looked at larger and
mirrored as well, and a head's score is the mean of its heat over all views: heads are seen in all,
buttons and brooches in one. The best head of a picture is believed sooner than further ones, as
nearly every picture that is posted shows one.
`models.detection.headmap` describes the network, `models.training.detector` how it is trained,
docs/detection.md what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.detection.boxes import cluster, cluster_corners, mean_box, overlaps, reading_order
from models.detection.headmap import MULTIPLE, SIDE_UNIT, STRIDE, lay_headmap, normalised
from models.embedding.embedder import opened
from models.embedding.lite import LiteLayers, LiteNetwork
from models.types import Box, Face, Pixels
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DETECTOR_FILE: Final = WEIGHTS / "detector.safetensors"

FIRST: Final = 0.2
"""Score from which the best head of a picture is taken."""

FURTHER: Final = 0.5
"""Score from which further heads are taken; docs/detection.md says how both were chosen."""

LEAST: Final = 0.08
"""Heat below which a view's peak is not looked at."""


@dataclass(frozen=True, slots=True)
class View:
    """A look at a picture whose longer side is `longest` pixels; `both_ways`: mirrored too."""

    longest: int
    both_ways: bool = False


GLANCE: Final = View(192)
"""What every picture is looked at in first."""

SECOND: Final = View(256, both_ways=True)
"""Averaged with the glance where that leaves a doubt."""

CLOSER: Final = View(512)
"""Looked at where the others find nothing, for heads that take little of the picture."""

SHAPES: Final = (1.0, 0.8, 0.6)
"""Shorter sides of the padded input in parts of the longer one; the least that fits is taken."""

VOTING: Final = 0.5
"""Cells that are this warm, in parts of the peak, and box the same face, are averaged."""


class LearnedDetector:
    """Finds heads with the learned network; may be called from several threads at once."""

    def __init__(self, network: LiteNetwork) -> None:
        """Take a network of `models.detection.headmap`."""
        self._run = network

    @classmethod
    def load(cls, path: Path | None = None) -> LearnedDetector:
        """Load the shipped weights, or those of `path`.

        Raises WeightsError: they are missing, unreadable or of another network.
        """
        file = path or DETECTOR_FILE
        with opened(file, "the detector's", "detector") as weights:
            # In integers it is hardly faster: its depthwise layers would stay as they are.
            layers = LiteLayers(
                lambda name: weights.get_tensor(name).astype(np.float32), integers=False
            )
            pixels = layers.pixels(GLANCE.longest, GLANCE.longest)
            network = layers.finished(pixels, lay_headmap(layers, pixels))
        return cls(LiteNetwork(network))

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, in reading order.

        The score is the mean heat of the head's centre over the views, `FIRST` to 1.
        """
        seen = self.look(picture, GLANCE)
        if doubtful(seen[0]):
            seen += self.look(picture, SECOND)
        return believed(fused(seen)) or believed(self.look(picture, CLOSER)[0], first=FURTHER)

    def look(self, picture: Pixels, view: View) -> list[list[Face]]:
        """Return what a view shows from a heat of `LEAST`, and what its mirrored copy does."""
        height, width = picture.shape[:2]
        scale = view.longest / max(height, width)
        pixels = shrunk(picture, max(1, round(width * scale)), max(1, round(height * scale)))
        rows, columns = padded_shape(pixels.shape[0], pixels.shape[1], view.longest)
        batch = np.zeros((1 + view.both_ways, rows, columns, 3), np.uint8)
        batch[0, : pixels.shape[0], : pixels.shape[1]] = pixels
        if view.both_ways:
            batch[1, : pixels.shape[0], : pixels.shape[1]] = pixels[:, ::-1]
        given = self._run(normalised(batch))
        seen = [
            [
                Face(Box(*(value / scale for value in face.box.as_list())), face.score)
                for face in decode_heads(way, LEAST)
            ]
            for way in given
        ]
        return [seen[0], *(_mirrored(faces, width) for faces in seen[1:])]


def _mirrored(faces: Sequence[Face], width: int) -> list[Face]:
    """The same faces in the picture's mirror image, whose width is `width` pixels."""
    return [
        Face(Box(width - face.box.x1, face.box.y0, width - face.box.x0, face.box.y1), face.score)
        for face in faces
    ]


def shrunk(picture: Pixels, width: int, height: int) -> Pixels:
    """Resize to (height, width), by halves first where it is far larger: a fifth of the time."""
    while picture.shape[0] >= 3 * height and picture.shape[1] >= 3 * width:
        half = picture.shape[1] // 2, picture.shape[0] // 2
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA).astype(np.uint8)
    smaller = picture.shape[0] > height
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


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


def doubtful(glance: Sequence[Face], high: float = FURTHER) -> bool:
    """Tell whether a glance leaves open what is a head: it shows none, or one that may be none.

    `high`: score from which what might be the best head is one without a doubt.
    """
    scores = [face.score for face in glance if face.score >= FIRST]
    return not scores or min(scores) < high


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
    heat = 1 / (1 + np.exp(-given[..., 0].astype(np.float64)))
    rows, columns = np.nonzero(heat >= threshold * VOTING)
    heat = heat[rows, columns]
    values = given[rows, columns, 1:4].astype(np.float64)
    half = SIDE_UNIT * np.exp(np.clip(values[:, 0], -3, 4)) / 2
    x = (columns + 0.5) * STRIDE + values[:, 1] * 2 * half
    y = (rows + 0.5) * STRIDE + values[:, 2] * 2 * half
    corners = np.stack([x - half, y - half, x + half, y + half], axis=1)
    heads: list[Face] = []
    for group in cluster_corners(corners, heat):
        peak = group[0]
        if heat[peak] < threshold:
            break  # groups come by falling heat
        warm = group[heat[group] >= VOTING * heat[peak]]
        near = warm[overlaps(corners[peak], corners[warm]) >= VOTING]
        box = np.average(corners[near], axis=0, weights=heat[near])
        heads.append(Face(Box(*box.tolist()), float(heat[peak])))
    return reading_order(heads)
