"""OpenFace's way: find a human face, align it by landmarks, describe it with a human-face network.

OpenFace (Amos, Ludwiczuk and Satyanarayanan, CMU-CS-16-118, 2016) finds faces with dlib's frontal
detector, aligns them by 68 landmarks and maps them to 128 dimensions. Its own network is a Torch 7
file that no longer loads; dlib's network of the same size and training goal stands in for it.
"""

# dlib has no annotations, and comes with the extra `rivals` only.
# pyright: reportAttributeAccessIssue=false, reportMissingImports=false

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from models.types import Pixels

_DEBIAN_LBP = Path("/usr/share/opencv4/lbpcascades")
"""Where Debian's package `opencv-data` puts the LBP cascades that OpenCV's wheel leaves out."""


def _model(name: str) -> str:
    """Return the path of one model file of `face-recognition-models`, read without importing it."""
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("face-recognition-models is missing: pip install 'moedex[rivals]'")
    return str(Path(spec.submodule_search_locations[0]) / "models" / name)


class HumanFaceDetectors:
    """The human-face detectors of OpenCV and dlib, by name."""

    def __init__(self) -> None:
        haar = Path(cv2.__file__).parent / "data"
        files = {
            "Haar, default": haar / "haarcascade_frontalface_default.xml",
            "Haar, alt2": haar / "haarcascade_frontalface_alt2.xml",
            "LBP, human": _DEBIAN_LBP / "lbpcascade_frontalface.xml",
            "LBP, human, improved": _DEBIAN_LBP / "lbpcascade_frontalface_improved.xml",
        }
        self._cascades = {
            name: cv2.CascadeClassifier(str(path)) for name, path in files.items() if path.is_file()
        }
        self._dlib = dlib.get_frontal_face_detector()

    @property
    def names(self) -> tuple[str, ...]:
        """The detectors that are on this machine."""
        return (*self._cascades, "dlib, frontal")

    def find(self, name: str, picture: Pixels) -> list[tuple[int, int, int, int]]:
        """Return the faces that one detector finds, as (x0, y0, x1, y1) in pixels."""
        if name in self._cascades:
            grey = cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
            found = self._cascades[name].detectMultiScale(grey, 1.1, 5)
            return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h in found]
        return [(r.left(), r.top(), r.right(), r.bottom()) for r in self._dlib(picture, 1)]


class OpenFace:
    """Vectors of (128,) float32 for the first human face found in a picture."""

    name = "OpenFace's way"

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(_model("shape_predictor_68_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            _model("dlib_face_recognition_resnet_model_v1.dat")
        )

    def describe(self, picture: Pixels) -> NDArray[np.float32] | None:
        """Return the 128 dimensions of the largest human face, None where none is found."""
        found = self._detector(picture, 1)
        if not found:
            return None
        face = max(found, key=lambda r: r.area())
        shape = self._landmarks(picture, face)
        return np.asarray(self._network.compute_face_descriptor(picture, shape), dtype=np.float32)
