"""From what the networks found in a picture to what is kept of it with an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.records import AnsweredFace, AnsweredPicture, StoredGuess
from models.types import Box

if TYPE_CHECKING:
    from bot.inference import IdentifiedPicture
    from models.types import NamedFace


def answered_picture(name: str, identified: IdentifiedPicture) -> AnsweredPicture:
    """Return the record of an answered picture; `name` is its file name, spoiler and all."""
    width, height = identified.width, identified.height
    return AnsweredPicture(
        name, tuple(_answered_face(face, width, height) for face in identified.faces)
    )


def _answered_face(face: NamedFace, width: int, height: int) -> AnsweredFace:
    box = face.face.box
    return AnsweredFace(
        box=Box(box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height),
        guesses=tuple(
            StoredGuess(
                guess.character.id,
                guess.character.name,
                guess.character.series,
                round(guess.probability, 6),
                guess.by,
            )
            for guess in face.guesses
        ),
        tier=face.tier,
    )
