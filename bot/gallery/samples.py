"""Pictures that somebody teaches a character by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.images.hashing import NEAR, hash_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.inference import IdentifiedPicture
    from models.types import NamedFace


@dataclass(frozen=True, slots=True)
class Posted:
    """The posted file that a drawing is of: it goes with it, and is its author's to erase."""

    author_id: int
    channel_id: int
    message_id: int
    file_id: int


@dataclass(frozen=True, slots=True)
class EnrolmentSample:
    """One drawing of a character: its face, and the perceptual hash of the picture.

    `backbone` is the hash of what made the face's vector. `posted` is None where the drawing was
    handed over for teaching alone.
    """

    face: NamedFace
    phash: str
    backbone: str
    posted: Posted | None = None


def distinct(samples: Sequence[EnrolmentSample]) -> list[EnrolmentSample]:
    """Return the samples without near-duplicates of earlier ones."""
    kept: list[EnrolmentSample] = []
    for sample in samples:
        if all(hash_distance(sample.phash, k.phash) > NEAR for k in kept):
            kept.append(sample)
    return kept


def largest_face(picture: IdentifiedPicture) -> EnrolmentSample:
    """Return what a picture that shows a face teaches: its largest face."""
    largest = max(picture.faces, key=lambda named: named.face.box.side * named.face.score)
    return EnrolmentSample(largest, picture.phash, picture.backbone)
