"""Names of folders: what people call a character or a series, safe on every system's disks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.types import Character

LONGEST: Final = 255
"""Bytes that a file's name may have."""

_FOLDER: Final = 120
"""Bytes that a folder's name gets at most, to leave room in systems that limit whole paths."""

_BETWEEN: Final = re.compile(r"\s*[/\\:|]+\s*")
_FORBIDDEN: Final = re.compile(r'["<>?*\x00-\x1f\x7f-\x9f]')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(text: str) -> str:
    """A name that Linux, macOS and Windows take for one folder that is not hidden.

    "Fate/stay night" is `Fate-stay night`; what has nothing to write is `unnamed`.
    """
    text = _BETWEEN.sub("-", " ".join(unicodedata.normalize("NFC", text).split()))
    text = cut(_FORBIDDEN.sub("", text), _FOLDER).strip(" .-")
    if _DEVICES.fullmatch(text):
        text += "_"
    return text or "unnamed"


def cut(text: str, size: int) -> str:
    """The beginning of a text, of at most `size` bytes and of whole characters."""
    data = text.encode("utf-8", "surrogateescape")
    return text if len(data) <= size else data[:size].decode("utf-8", "ignore")


def folder_names(shipped: Iterable[Character], own: Iterable[Character] = ()) -> dict[str, str]:
    """The folder of each character, by its id.

    Two of one name get their series as well, or their ids. A character of a person's own shares
    the folder of the shipped one of that name: to both, it is who is meant.
    """
    characters = list(shipped)
    names = {c.id: safe_name(c.name) for c in characters}
    same = Counter(name.casefold() for name in names.values())
    for c in characters:
        if same[names[c.id].casefold()] > 1:
            names[c.id] = safe_name(f"{c.name} ({c.series or c.id})")
    same = Counter(name.casefold() for name in names.values())
    for c in characters:
        if same[names[c.id].casefold()] > 1:
            names[c.id] = safe_name(f"{c.name} ({c.id})")
    return {c.id: safe_name(c.name) for c in own} | names
