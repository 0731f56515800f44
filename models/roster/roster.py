"""The shipped roster: who there is, with every character's names, series, link and board tag.

It lists far more characters than the shipped gallery can name; `models.gallery.namer` knows which.
`models.training.roster` makes the file. An id that was merged into another one stays valid:
`Roster.resolve` leads to the one that is kept.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from models.types import Character
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROSTER_FILE: Final = WEIGHTS / "roster.json.xz"

LINK: Final = "https://myanimelist.net/character/{}"
"""Where a character is described, by MyAnimeList's number."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The characters of a roster file, ordered by id."""

    characters: tuple[Character, ...]
    same: Mapping[str, str]
    """Kept id by merged id."""
    tags: Mapping[str, str]
    """Id by tag on the fan-art board; a merged character's tag leads to the kept one."""
    titles: Mapping[str, tuple[str, ...]]
    """Further titles of a series, by the one that is shown."""

    def __iter__(self) -> Iterator[Character]:
        return iter(self.characters)

    def __len__(self) -> int:
        return len(self.characters)

    def resolve(self, id: str) -> str:  # noqa: A002 - the field's name
        """Return the id that a character goes by, which is the same one unless it was merged."""
        return self.same.get(id, id)


@lru_cache(maxsize=4)
def load_roster(path: Path = ROSTER_FILE) -> Roster:
    """Read a roster.

    Raises OSError where the file is missing and ValueError where it is no roster.
    """
    try:
        return _read(json.loads(lzma.decompress(path.read_bytes())))
    except (KeyError, TypeError, IndexError, lzma.LZMAError) as error:
        raise ValueError(f"{path} is no roster: {error!r}") from error


def _read(document: dict[str, Any]) -> Roster:
    series = [titles[0] for titles in document["series"]]
    characters = tuple(
        map(
            Character,
            document["id"],
            document["name"],
            [series[number] for number in document["of"]],
            document["native_name"],
            [tuple(names.split(";")) if names else () for names in document["aliases"]],
            [LINK.format(number) if number else "" for number in document["mal_id"]],
            document["tag"],
            document["appearances"],
        )
    )
    if not len(document["id"]) == len(characters) == len(document["appearances"]):
        raise ValueError("the columns differ in length")
    tags = {character.tag: character.id for character in characters if character.tag}
    return Roster(
        characters,
        document["same"],
        {**document["tags"], **tags},
        {titles[0]: tuple(titles[1:]) for titles in document["series"]},
    )


def unlisted(id: str) -> Character:  # noqa: A002 - the field's name
    """A character that no roster lists: called by its id, `grey_wolf` Grey Wolf."""
    return Character(id, id.replace("_", " ").title(), "")
