"""What a face detector is, and which one to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from models.detection.cascade import CascadeDetector
from models.detection.learned import DETECTOR_FILE, LearnedDetector
from models.types import Face, Pixels

if TYPE_CHECKING:
    from pathlib import Path

DetectorKind = Literal["auto", "cascade", "learned"]


class Detector(Protocol):
    """Finds heads in a picture. Safe to call from several threads at once."""

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, one face a head.

        Boxes follow the convention of `models.types`; scores go from 0 to 1.
        """
        ...


def load_detector(kind: DetectorKind = "auto", cascade: Path | None = None) -> Detector:
    """Make the detector named by `kind`.

    "auto" takes the learned one where its weights are, else the cascade. `cascade` is a cascade
    file to use instead of the installed one.

    Raises CascadeError: there is no usable cascade file.
    Raises WeightsError: the learned detector's weights are missing or unreadable.
    """
    if kind == "learned" or (kind == "auto" and DETECTOR_FILE.is_file()):
        return LearnedDetector.load()
    return CascadeDetector(cascade)
