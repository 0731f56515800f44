"""The learned detector: a small network that marks the centres of heads on a heat map.

A first pass sees a picture at a small scale; where that leaves no doubt, it is all. Else a second
one sees it larger, with its mirror image (test-time augmentation), and a head's score is the mean
of its scores over all of these: heads show in all, buttons and brooches in one. The best head of a
picture is accepted sooner than further ones, as nearly every picture that is posted shows one.
`models.training.detector` says how the network is trained, docs/detection.md what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.detection.boxes import cluster, mean_box, reading_order
from models.detection.heat_map import decode_heads, padded_shape
from models.detection.registry import registered
from models.session import Session, normalised
from models.types import Box, Face, Pixels
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """(n, height, width, 3) float32, -1 to 1 -> maps as in `models.detection.heat_map`."""

DETECTOR_FILE: Final = WEIGHTS / "detector.tflite"

FIRST: Final = 0.2
"""Score from which the best head of a picture is accepted."""

FURTHER: Final = 0.5
"""Score from which further heads are accepted; docs/detection.md says how both were chosen."""

MIN_SCORE: Final = 0.08
"""Score below which a peak of a pass is ignored."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A picture whose longer side is `longest` pixels; `mirrored`: its mirror image too."""

    longest: int
    mirrored: bool = False


FIRST_PASS: Final = Scale(192)
"""Of every picture."""

SECOND_PASS: Final = Scale(256, mirrored=True)
"""Averaged with the first pass where that leaves a doubt."""

CLOSE_PASS: Final = Scale(512)
"""Where the others find nothing, for heads that take little of the picture."""


class LearnedDetector:
    """Finds heads with the learned network; may be called from several threads at once."""

    def __init__(self, network: Network) -> None:
        """Take a network of `models.training.detector.network`."""
        self._network = network

    @classmethod
    def load(cls, path: Path | None = None) -> LearnedDetector:
        """Load the installed weights, or those of `path`. Raises WeightsError."""
        side = FIRST_PASS.longest
        return cls(Session(path or DETECTOR_FILE, "the detector's", "detector", side=side))

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, in reading order.

        The score is the mean score of the head's centre over the passes, `FIRST` to 1.
        """
        found = self.candidates(picture, FIRST_PASS)
        if doubtful(found[0]):
            found += self.candidates(picture, SECOND_PASS)
        return accepted(fused(found)) or accepted(
            self.candidates(picture, CLOSE_PASS)[0], first=FURTHER
        )

    def candidates(self, picture: Pixels, scale: Scale) -> list[list[Face]]:
        """Return what a pass finds from a score of `MIN_SCORE`, and what it finds mirrored."""
        height, width = picture.shape[:2]
        factor = scale.longest / max(height, width)
        pixels = shrunk(picture, max(1, round(width * factor)), max(1, round(height * factor)))
        rows, columns = padded_shape(pixels.shape[0], pixels.shape[1], scale.longest)
        batch = np.zeros((1 + scale.mirrored, rows, columns, 3), np.uint8)
        batch[0, : pixels.shape[0], : pixels.shape[1]] = pixels
        if scale.mirrored:
            batch[1, : pixels.shape[0], : pixels.shape[1]] = pixels[:, ::-1]
        found = [
            [
                Face(Box(*(value / factor for value in face.box.as_list())), face.score)
                for face in decode_heads(heat_map, MIN_SCORE)
            ]
            for heat_map in self._network(normalised(batch))
        ]
        return [found[0], *(_mirrored(faces, width) for faces in found[1:])]


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


def fused(passes: Sequence[Sequence[Face]]) -> list[Face]:
    """Join what several passes find: mean boxes, and mean scores, 0 where one does not find it."""
    found = [(number, face) for number, faces in enumerate(passes) for face in faces]
    heads: list[Face] = []
    for group in cluster([face.box for _, face in found], [face.score for _, face in found]):
        best: dict[int, float] = {}
        for number, face in (found[index] for index in group):
            best[number] = max(best.get(number, 0.0), face.score)
        faces = [found[index][1] for index in group]
        box = mean_box([face.box for face in faces], [face.score**2 for face in faces])
        heads.append(Face(box, sum(best.values()) / len(passes)))
    return heads


def doubtful(faces: Sequence[Face], high: float = FURTHER) -> bool:
    """Tell whether the first pass leaves open what is a head: it finds none, or an unsure one.

    `high`: score from which what might be the best head is one without a doubt.
    """
    scores = [face.score for face in faces if face.score >= FIRST]
    return not scores or min(scores) < high


def accepted(
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


@registered("learned", rank=2, weights=DETECTOR_FILE)
def _load(cascade: Path | None) -> LearnedDetector:
    return LearnedDetector.load()
