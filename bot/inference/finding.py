"""From a picture's bytes to the faces in it and their crops: one way, wherever it runs."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.inference.stages import FoundFaces
from models.detection.boxes import best_faces
from models.identify import detection_side
from models.images.decoding import PictureLimits, decode
from models.images.hashing import perceptual_hash
from models.images.resizing import halved

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.config import Config
    from models.identify import FaceFinder
    from models.images.decoding import Picture
    from models.types import Pixels

MOST_FACES: Final = 100
"""Faces that are counted in a picture, beyond those that are named."""

_TAGGED_SIDE: Final = 1600
"""Pixels of a frame's longer side, or more, that a tagger has to look at."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What is taken of a picture: its limits, faces that are named, and the side of its frames."""

    limits: PictureLimits
    faces: int
    side: int

    @classmethod
    def of(cls, config: Config) -> Intake:
        """Return what a configuration asks for."""
        pictures = config.pictures
        return cls(
            PictureLimits(
                max_bytes=pictures.max_bytes,
                max_pixels=pictures.max_pixels,
                frames=pictures.frames,
            ),
            pictures.faces,
            max(config.answers.side, _TAGGED_SIDE if config.tagger.model else 0),
        )


class Finding:
    """Takes pictures in. Threads may share it."""

    def __init__(self, finder: FaceFinder, intake: Intake) -> None:
        self._finder = finder
        self._intake = intake

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Decode, find the faces and crop them. Raises PictureError."""
        watch = _Stopwatch()
        picture = decode(data, name, self._intake.limits, enough=detection_side)
        watch.lap("decode")
        found = self._finder.find(picture, MOST_FACES)
        faces = best_faces(found, self._intake.faces)
        watch.lap("detect")
        # The other frames, and pixels that no answer shows, are let go.
        frames = {
            index: halved(picture.frames[index], self._intake.side)
            for index in {f.frame for f in faces}
        }
        phash = perceptual_hash(picture.frames[0])
        sha256 = hashlib.sha256(data).hexdigest()
        watch.lap("crop")
        if not self._finder.suffices(picture, faces):
            picture = decode(data, name, self._intake.limits)
            watch.lap("decode")
        crops = self._finder.crops(picture, faces)
        watch.lap("crop")
        return FoundFaces(
            picture.width,
            picture.height,
            frames,
            tuple(faces),
            crops,
            phash,
            sha256,
            watch.seconds,
            len(found) - len(faces),
        )


def shown_frames(
    data: bytes, name: str, intake: Intake, indices: Collection[int]
) -> dict[int, Pixels]:
    """Return some frames of a picture as `Finding.find` does. Raises PictureError."""
    return _shown(decode(data, name, intake.limits, enough=detection_side), indices, intake.side)


def _shown(picture: Picture, indices: Collection[int], side: int) -> dict[int, Pixels]:
    return {index: halved(picture.frames[index], side) for index in sorted(indices)}


class _Stopwatch:
    """Seconds by stage; a stage may come several times."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as `stage`'s."""
        now = time.perf_counter()
        self.seconds[stage] += now - self._since
        self._since = now
