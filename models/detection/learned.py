"""The learned detector: a small network that marks the centres of heads on a heat map.

A first pass sees a picture at a small scale; where that leaves no doubt, it is all. Else a second
one sees it larger, with its mirror image (test-time augmentation). Where there may be more heads
than these show, or none is found, the detector looks closer, and closer again while the heads are
small. A pale or tinted picture without a head is looked at once more with its colours stretched.
`models.detection.rules` decides, `models.detection.tiles` cuts what is large or long.
`models.training.detector` says how the network is trained, docs/detection.md what it finds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.detection.heat_map import decode_heads, padded_shape
from models.detection.levels import stretched
from models.detection.registry import registered
from models.detection.rules import (
    CLOSE_PASS,
    CLOSER_PASSES,
    FIRST_PASS,
    RULES,
    SECOND_PASS,
    Pass,
    accepted,
)
from models.detection.tiles import MOST_TILES, joined, stretch, tiles
from models.session import Session, normalised
from models.types import Box, Face, Pixels
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.detection.rules import Rules, Scale

    Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """(n, height, width, 3) float32, -1 to 1 -> maps as in `models.detection.heat_map`."""

DETECTOR_FILE: Final = WEIGHTS / "detector.tflite"

MOST_ENLARGED: Final = 1.5
"""A pass that would enlarge a picture more than so many times shows nothing more."""

_SHAPES: Final = 3
"""Shapes of input to be ready for: those of the first three passes over pictures of one shape."""

MIN_SCORE: Final = 0.08
"""Score below which a peak of a pass is ignored."""


class LearnedDetector:
    """Finds heads with the learned network; may be called from several threads at once."""

    def __init__(self, network: Network, rules: Rules = RULES) -> None:
        """Take a network of `models.training.detector.network`."""
        self.network = network
        self.rules = rules

    @classmethod
    def load(cls, path: Path | None = None) -> LearnedDetector:
        """Load the installed weights, or those of `path`. Raises WeightsError."""
        side, file = FIRST_PASS.longest, path or DETECTOR_FILE
        return cls(Session(file, "the detector's", "detector", side=side, shapes=_SHAPES))

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, in reading order.

        The score is the head's mean score over the passes, weighed as `Rules` says.
        """
        found = self._found(picture, self.rules)
        if found or not self.rules.pale or (clear := stretched(picture)) is None:
            return found
        return self._found(clear, replace(self.rules, first=self.rules.further))

    def _found(self, picture: Pixels, rules: Rules) -> list[Face]:
        """Return the heads by the first passes, and by closer ones where these are not all."""
        longest = stretch(*picture.shape[:2])
        passes = self.candidates(picture, FIRST_PASS)
        heads = rules.fused(passes)
        if rules.doubtful(heads) or rules.several(heads, longest):
            passes += self.candidates(picture, SECOND_PASS)
            heads = rules.fused(passes)
        found = accepted(heads, rules.first, rules.further)
        if not found:
            return self._closer(picture, [], rules)
        if rules.several(heads, longest) and CLOSE_PASS.factor(picture) <= MOST_ENLARGED:
            return self._closer(picture, passes, rules) or found
        return found

    def _closer(self, picture: Pixels, passes: list[Pass], rules: Rules) -> list[Face]:
        """Return the heads of `passes` and of as many closer ones as these heads need.

        Without passes that found something the best head is accepted no sooner than the others.
        """
        rules = rules if passes else replace(rules, first=rules.further)
        passes = passes + self.candidates(picture, CLOSE_PASS)
        found = rules.accepted(passes)
        for scale in CLOSER_PASSES:
            if not rules.too_small(found, passes[-1].factor):
                break
            if scale.factor(picture) > MOST_ENLARGED or scale.tiles(picture) > MOST_TILES:
                break
            passes += self.candidates(picture, scale)
            found = rules.accepted(passes)
        return found

    def candidates(self, picture: Pixels, scale: Scale) -> list[Pass]:
        """Return what a pass finds from a score of `MIN_SCORE`, and what it finds mirrored."""
        factor, (height, width) = scale.factor(picture), scale.size(picture)
        pixels = shrunk(picture, width, height)
        parts = tiles(height, width)
        found = [self._seen(part.cut(pixels), mirrored=scale.mirrored) for part in parts]
        whole = [joined(list(zip(parts, faces, strict=True))) for faces in zip(*found, strict=True)]
        return [
            Pass(factor, [Face(face.box.scaled(1 / factor), face.score) for face in faces])
            for faces in whole
        ]

    def _seen(self, pixels: Pixels, *, mirrored: bool) -> list[list[Face]]:
        """Run the network on pixels as they are, and on their mirror image."""
        height, width = pixels.shape[:2]
        rows, columns = padded_shape(height, width)
        batch = np.zeros((1 + mirrored, rows, columns, 3), np.uint8)
        batch[0, :height, :width] = pixels
        if mirrored:
            batch[1, :height, :width] = pixels[:, ::-1]
        found = [decode_heads(heat_map, MIN_SCORE) for heat_map in self.network(normalised(batch))]
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


@registered("learned", rank=2, weights=DETECTOR_FILE)
def _load(cascade: Path | None) -> LearnedDetector:
    return LearnedDetector.load()
