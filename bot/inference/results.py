"""What goes into the worker with a picture, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.types import NamedFace, Pixels


@dataclass(frozen=True, slots=True)
class Job:
    """Whose picture it is. Servers take turns; `message_id` is what `cancel` goes by.

    In a DM `server_id` is the channel's id: each conversation then takes its own turn. A picture
    that `gives_way` is begun where no other waits or is on its way, or after so many others, and
    leaves others a thread.
    """

    server_id: int
    message_id: int
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class IdentifiedPicture:
    """A picture with its faces named.

    `width` and `height` are pixels of the upright picture; `more` counts faces that were found
    beyond those that are named. `frames` are what the answer is drawn on: the frames that have
    faces, made smaller, by their place in the animation. `phash` and `sha256` are hexadecimal;
    `backbone` is the hash of what made the faces' vectors. `seconds` is the time of each stage:
    `wait` (queued), `decode`, `detect`, `crop`, `cluster` (the way to one and its queue), `gather`
    (waiting for a batch), `embed` (the whole batch), `name`, `tagger` (where one is asked, waiting
    included).
    """

    name: str
    width: int
    height: int
    faces: tuple[NamedFace, ...]
    more: int
    frames: Mapping[int, Pixels] = field(repr=False)
    phash: str
    sha256: str
    backbone: str
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class FacePictures:
    """How the faces of an answer are shown, beside their numbered picture.

    The first `own` faces have a picture of their own. Each of `together` is a picture of several,
    by their places among all faces, from 0.
    """

    own: int
    together: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """The pictures of an answer, encoded. `suffix` is how the names of such files end.

    `sheets` are the pictures with numbered faces: none where there is one face only, else one of
    what everybody sees, then one of what is hidden, where there are such faces. `faces` and
    `together` are the pictures that `FacePictures` asks for.
    """

    suffix: str = ""
    sheets: tuple[bytes, ...] = ()
    faces: tuple[bytes, ...] = ()
    together: tuple[bytes, ...] = ()
