"""From a character's tag on a board of fan art to a name and a series."""

from __future__ import annotations

import re

from models.types import Character

_QUALIFIED = re.compile(r"^(?P<name>.+?)_\((?P<series>[^()]+)\)$")


def character_of_tag(tag: str) -> Character:
    """Return the character that a tag names: `rin_(fate)` is Rin of Fate.

    Its id is the tag in ascii letters, digits and underscores.
    """
    qualified = _QUALIFIED.match(tag)
    name, series = (qualified["name"], qualified["series"]) if qualified else (tag, "")
    return Character(id_of_tag(tag), _title(name), _title(series))


def id_of_tag(tag: str) -> str:
    """Return the id that a character is given by its tag: `rin_(fate)` is `rin_fate`."""
    return re.sub(r"[^a-z0-9]+", "_", tag.casefold()).strip("_")[:60]


def _title(words: str) -> str:
    """Write a tag's words as a name: `hatsune_miku` is Hatsune Miku."""
    return " ".join(word[:1].upper() + word[1:] for word in words.split("_") if word)
