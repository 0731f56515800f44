"""What a face detector is, and which one to use."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from models.types import Face, Pixels

DetectorKind = Literal["auto", "cascade", "learned"]


class Detector(Protocol):
    """Finds heads in a picture. Safe to call from several threads at once."""

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, one face a head.

        Boxes follow the convention of `models.types`; scores go from 0 to 1.
        """
        ...


def load_detector(kind: DetectorKind = "auto", cascade: Path | None = None) -> Detector:
    """Make the detector named by `kind`; "auto" takes the best that this installation has.

    `cascade` is a cascade file to use instead of the installed one.

    Raises CascadeError: there is no usable cascade file.
    """
    from models.cascade import CascadeDetector

    return CascadeDetector(cascade)
