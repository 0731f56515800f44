"""What a face detector is, and which one to use."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from models.types import Face, Pixels

DetectorKind = Literal["auto", "cascade", "learned"]

LEARNED_WEIGHTS = Path(__file__).with_name("weights") / "detector.safetensors"


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
    # Only the detector that is used is imported: the learned one brings TensorFlow with it.
    if kind == "learned" or (kind == "auto" and LEARNED_WEIGHTS.is_file()):
        from models.embedding import WeightsError
        from models.learned import LearnedDetector

        try:
            return LearnedDetector.load(LEARNED_WEIGHTS)
        except ValueError as error:
            raise WeightsError(str(error)) from error
    from models.cascade import CascadeDetector

    return CascadeDetector(cascade)
