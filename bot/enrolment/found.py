"""What a source of characters gives: who there is, and pictures of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class SourceError(UserError):
    """A source can't be read; the text is one readable line that says what to do."""


class PictureUnavailableError(Exception):
    """One picture can't be had; the text says why. The others of its source may be well.

    `passing` says that it may be had later.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class FoundCharacter:
    """A character as its source writes it.

    `ref` is the source's own id of the character; `tag` its tag on the largest fan-art board, empty
    where the source doesn't know it. `link` is a page about the character, or empty.
    """

    ref: str
    name: str
    series: str = ""
    native_name: str = ""
    aliases: tuple[str, ...] = ()
    link: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture of a character. `ref` is what it is noted by; `at` is its URL or path."""

    ref: str
    at: str


class PictureSource(Protocol):
    """A source that gives pictures. All methods raise SourceError.

    `key` names the source among all ("anilist:1535"), `title` says it to people. `most` is the
    number of usable pictures that are taken of a character. `crops` says that a picture in which no
    face is found is a face as it is; `local` that pictures are listed without asking anybody, so
    that a character who is done is looked at again where there are new ones.
    """

    key: str
    title: str
    most: int
    crops: bool
    local: bool

    async def open(self) -> None:
        """Ask what `key` and `title` need; called once, before anything else."""
        ...

    def characters(self) -> AsyncIterator[FoundCharacter]:
        """Return the characters of this source."""
        ...

    def pictures(self, character: FoundCharacter) -> AsyncIterator[FoundPicture]:
        """Return pictures of a character, best first."""
        ...

    async def fetch(self, picture: FoundPicture) -> bytes:
        """Return a picture's file. Raises PictureUnavailableError where there is none."""
        ...
