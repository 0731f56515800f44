"""The first detector: an LBP cascade, run over a picture in several passes until these agree.

Method: P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features",
CVPR 2001; local binary patterns as features: S. Liao et al., "Learning multi-scale block local
binary patterns for face recognition", ICB 2007. A cascade finds much less at one scale and angle
than at a few, hence several passes: `benchmarks/cascade.py` measures what each adds.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cascades import CascadeError, find_cascade
from models.detection.boxes import around, cluster, mean_box
from models.detection.registry import registered
from models.types import Box, Face, Pixels

Grey = NDArray[np.uint8]

SCALE_FACTOR = 1.1
MIN_NEIGHBORS = 5

HEAD_TO_FACE = 1.2
"""Side of the head box, in sides of the cascade's own box."""

HEAD_RISE = 0.07
"""How far the head's centre lies above the cascade box's, in sides of that box.

Both are medians over the faces of 186 posts that another detector boxed too, where the cascade's
box reaches from the hair above the brow to below the chin already.
"""

PADDING = 0.125
"""Border around the picture, as a share of its longer side: a face that fills it is found too."""


@dataclass(frozen=True, slots=True)
class Pass:
    """How a pass changes the picture: scaled down to `side` pixels (never up), then the rest.

    `angle` rotates the picture counter-clockwise, in degrees.
    """

    side: int
    equalised: bool = False
    mirrored: bool = False
    angle: int = 0


PASSES = (
    Pass(384),
    Pass(256),
    Pass(512),
    Pass(384, angle=-15),
    Pass(384, angle=15),
    Pass(256, equalised=True, mirrored=True),
    Pass(384, angle=30),
    Pass(384, angle=-30),
    Pass(256, equalised=True),
    Pass(256, mirrored=True),
    Pass(384, equalised=True),
    Pass(384, mirrored=True),
    Pass(512, equalised=True),
    Pass(512, mirrored=True),
    Pass(768),
)
"""All passes, in order of what each adds for its time."""

FIRST_PASSES = 3
"""After so many passes, one face that two of them agree on is enough to stop."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A head found in one pass; `neighbors` counts the cascade's own overlapping hits."""

    box: Box
    neighbors: int
    pass_number: int


class CascadeDetector:
    """Finds heads with an OpenCV cascade; may be called from several threads at once."""

    def __init__(self, cascade: Path | None = None, *, stop_early: bool = True) -> None:
        """Load a cascade file, or the installed one.

        With `stop_early` it stops as soon as passes agree, and does all of them only while they
        agree on nothing; without, always all.

        Raises CascadeError: there is no cascade file, or OpenCV can't read it.
        """
        self.path = find_cascade(cascade)
        self.stop_early = stop_early
        self._of_thread = threading.local()
        self._classifier()

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture.

        The score is the share of the passes that found the face, with one more pass counted that
        did not: two of two give 0.67.
        """
        grey, scale = grey_at_most(picture, max(each.side for each in PASSES))
        hits: list[Hit] = []
        done = 0
        for each in PASSES:
            hits += self.hits(grey, each, done)
            done += 1
            if self.stop_early and _agreed(hits, done):
                break
        return [Face(face.box.scaled(1 / scale), face.score) for face in _merged(hits, done)]

    def hits(self, grey: Grey, how: Pass, number: int = 0) -> list[Hit]:
        """Return the heads that one pass finds, in pixels of `grey`, (height, width) uint8."""
        scale = min(1.0, how.side / max(grey.shape))
        changed = _scaled(grey, scale)
        if how.equalised:
            changed = cv2.equalizeHist(changed)
        pad = round(PADDING * max(changed.shape))
        changed = np.asarray(
            cv2.copyMakeBorder(changed, pad, pad, pad, pad, cv2.BORDER_REPLICATE), np.uint8
        )
        width = changed.shape[1]
        if how.mirrored:
            changed = np.ascontiguousarray(changed[:, ::-1])
        back = None
        if how.angle:
            changed, back = _rotated(changed, how.angle)
        found, neighbors = self._classifier().detectMultiScale2(
            changed, SCALE_FACTOR, MIN_NEIGHBORS
        )
        hits: list[Hit] = []
        for (x0, y0, side, _), count in zip(found, neighbors, strict=True):
            x, y = x0 + side / 2, y0 + side / 2
            if back is not None:
                x, y = back @ np.array([x, y, 1.0])
            if how.mirrored:
                x = width - x
            y -= HEAD_RISE * side
            box = around((x - pad) / scale, (y - pad) / scale, HEAD_TO_FACE * side / scale)
            hits.append(Hit(box, int(count), number))
        return hits

    def _classifier(self) -> cv2.CascadeClassifier:
        # A classifier keeps its scratch memory in itself, so each thread has one of its own.
        classifier = getattr(self._of_thread, "classifier", None)
        if classifier is None:
            try:
                classifier = cv2.CascadeClassifier(str(self.path))
                unusable = classifier.empty()
            except (cv2.error, SystemError):
                unusable = True
            if unusable or classifier is None:
                raise CascadeError(f"The file {self.path} is not a cascade that OpenCV can read.")
            self._of_thread.classifier = classifier
        return classifier


def grey_at_most(picture: Pixels, side: int) -> tuple[Grey, float]:
    """Scale a picture down to `side` pixels and to grey; return it and the scale."""
    scale = min(1.0, side / max(picture.shape[:2]))
    small = _scaled(picture, scale)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), scale


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return image
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rotated(grey: Grey, angle: int) -> tuple[Grey, NDArray[np.float64]]:
    """Rotate a picture about its centre onto a larger canvas; return it and the way back (2, 3)."""
    height, width = grey.shape
    rotation = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cos, sin = abs(rotation[0, 0]), abs(rotation[0, 1])
    new_width, new_height = int(height * sin + width * cos), int(height * cos + width * sin)
    rotation[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    rotated = cv2.warpAffine(
        grey, rotation, (new_width, new_height), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(rotated, np.uint8), np.asarray(
        cv2.invertAffineTransform(rotation), np.float64
    )


def _groups(hits: list[Hit]) -> list[tuple[list[Hit], int]]:
    """Group hits that mean the same face; with each group, how many passes found it."""
    indices = cluster([hit.box for hit in hits], [hit.neighbors for hit in hits])
    groups = [[hits[index] for index in group] for group in indices]
    return [(group, len({hit.pass_number for hit in group})) for group in groups]


def _agreed(hits: list[Hit], done: int) -> bool:
    """Tell whether to stop: two passes agree on every face, or on one after the first passes."""
    if not hits:
        return False
    votes = [found_by for _, found_by in _groups(hits)]
    return min(votes) >= 2 or (done >= FIRST_PASSES and max(votes) >= 2)


def _merged(hits: list[Hit], done: int) -> list[Face]:
    """Make one face of each group of hits that enough passes agree on."""
    if not hits:
        return []
    groups = _groups(hits)
    most = max(found_by for _, found_by in groups)
    # Where no two passes agree, the one hit that the cascade is surest of is better than nothing.
    kept = groups[:1] if most == 1 else [g for g in groups if g[1] >= max(2, most / 2)]
    return [
        Face(
            mean_box([hit.box for hit in group], [hit.neighbors for hit in group]),
            found_by / (done + 1),
        )
        for group, found_by in kept
    ]


@registered("cascade", rank=1)
def _load(cascade: Path | None) -> CascadeDetector:
    return CascadeDetector(cascade)
