"""The shipped roster: every character's name, series, name in its own script, and aliases."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from models.types import Character
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

ROSTER_FILE: Final = WEIGHTS / "roster.json"


@lru_cache(maxsize=4)
def load_roster(path: Path = ROSTER_FILE) -> tuple[Character, ...]:
    """Read the roster, ordered by id.

    Raises OSError where the file is missing and ValueError where it is no roster.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))
    try:
        return tuple(
            Character(
                id=entry["id"],
                name=entry["name"],
                series=entry["series"],
                native_name=entry["native_name"],
                aliases=tuple(entry["aliases"]),
            )
            for entry in sorted(entries, key=lambda entry: entry["id"])
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no roster: {error!r}") from error


def unlisted(id: str) -> Character:  # noqa: A002 - the field's name
    """A character that no roster lists: called by its id, `grey_wolf` Grey Wolf."""
    return Character(id, id.replace("_", " ").title(), "")
