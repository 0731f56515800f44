"""From a picture of one character to an enrolment sample: its face's vector, or why there is none.

No picture is kept: what leaves here is a vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from models.identify import Identifier, whole_face
from models.images.decoding import PictureError, PictureLimits, decode

if TYPE_CHECKING:
    from models.types import Face, Vector

CLEARLY_LARGER: Final = 1.5
"""How much larger the side of the largest face must be than that of the next one to be meant."""


@dataclass(frozen=True, eq=False, slots=True)
class SeenFace:
    """A face's vector, (dimensions,) float32 of unit length; or None and `why` there is none."""

    vector: Vector | None
    why: str = ""


class SampleReader:
    """Reads enrolment samples with loaded models; safe to use from several threads."""

    def __init__(self, identifier: Identifier, limits: PictureLimits) -> None:
        self._identifier = identifier
        self._limits = limits
        self.backbone = identifier.embedder.version

    def read(self, data: bytes, name: str, *, crops: bool) -> SeenFace:
        """Read the one face of a picture file, called `name` in `why`.

        Of several faces that is meant which is clearly larger than the others. `crops` says that a
        picture in which none is found is a face as it is.
        """
        try:
            picture = decode(data, name, self._limits)
        except PictureError as error:
            return SeenFace(None, error.code.replace("_", " "))
        found = self._identifier.find(picture)
        face, why = _the_one(found)
        if face is None and not found and crops:
            face = whole_face(picture)
        if face is None:
            return SeenFace(None, why)
        vectors = self._identifier.embed(self._identifier.crops(picture, [face]))
        if found and bool(self._identifier.namer.is_non_face(vectors)[0]):
            return SeenFace(None, "no face found")
        return SeenFace(vectors[0])


def _the_one(faces: list[Face]) -> tuple[Face | None, str]:
    """Return the face that is meant, or why none is."""
    ordered = sorted(faces, key=lambda face: -face.box.side)
    if not ordered:
        return None, "no face found"
    if len(ordered) > 1 and ordered[0].box.side < CLEARLY_LARGER * ordered[1].box.side:
        return None, f"{len(ordered)} faces: which one is meant?"
    return ordered[0], ""
