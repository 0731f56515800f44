"""What goes into the worker with a picture, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.types import NamedFace


@dataclass(frozen=True, slots=True)
class Job:
    """Whose picture it is. Servers take turns; `message_id` is what `cancel` goes by.

    In a DM `server_id` is the channel's id: each conversation then takes its own turn.
    """

    server_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class IdentifiedPicture:
    """A picture with its faces named.

    `width` and `height` are pixels of the upright picture. `card` is the drawn answer, None if
    there is no face or none was asked for; `card_name` is its file name, `alt_text` says who is
    where. `phash` and `sha256` are hexadecimal; `backbone` is the hash of what made the faces'
    vectors. `seconds` is the time of each stage: `wait` (queued), `decode`, `detect`, `crop`,
    `gather` (waiting for a batch), `embed` (the whole batch), `name`, `tagger` (where one is asked,
    waiting included), `draw`.
    """

    name: str
    width: int
    height: int
    faces: tuple[NamedFace, ...]
    card: bytes | None = field(repr=False)
    card_name: str
    alt_text: str
    phash: str
    sha256: str
    backbone: str
    seconds: dict[str, float]
