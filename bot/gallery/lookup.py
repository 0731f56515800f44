"""Which character a typed name means, and the row that a change of it writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.storage.records import ServerCharacter
from bot.wording import one_line
from models.roster.spelling import can_be_read

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from models.types import Character

NAME_LIMIT = 80

_SERIES_SAID = re.compile(r"\(.+\)\s*$")


class TeachingError(UserError):
    """What was asked for can't be done; the text says why and what to do."""


def known_character(roster: ServerRoster, name: str, series: str) -> Character | None:
    """Return the character that a name to be taught already means, None for a new one."""
    name = clean_name(name)
    found = roster.find(f"{name} ({series})" if series else name)
    if found is None or (series and not _same_series(found.series, series)):
        return None
    return found


def same_named(roster: ServerRoster, name: str, series: str) -> list[Character]:
    """Return the listed characters that a name to be taught may mean, the most drawn first.

    None of them where there is no question: the name says the series, or it is that of a character
    which the server has made its own.
    """
    if series or _SERIES_SAID.search(name):
        return []
    found = roster.index.homonyms(clean_name(name))
    return [] if any(character.id in roster.changed for character in found) else found


def row_for(
    roster: ServerRoster, known: Character | None, name: str, series: str
) -> ServerCharacter:
    """Return the row of a character to be taught: of the one there is, or of a new one."""
    if known is not None:
        return row_of(roster, known)
    name = clean_name(name)
    return ServerCharacter(roster.new_id(name), name, one_line(series)[:NAME_LIMIT])


def one_character(roster: ServerRoster, text: str) -> Character:
    """Return the character that a text surely means. Raises TeachingError where it isn't sure."""
    found = roster.find(text)
    if found is not None:
        return found
    close = roster.index.search(text, limit=3)
    if not close:
        raise TeachingError(f"I know nobody called “{text[:NAME_LIMIT]}” here.")
    names = ", ".join(f"{m.character.name} ({m.character.series})" for m in close)
    raise TeachingError(f"“{text[:NAME_LIMIT]}” could be {names}. Please pick one of the list.")


def clean_name(name: str) -> str:
    """Return a name without spaces too many and signs that nobody sees.

    Raises TeachingError for one that is too long, or has neither a letter nor a digit.
    """
    name = one_line(name)
    if not can_be_read(name):
        raise TeachingError("A name needs at least one letter or digit.")
    if len(name) > NAME_LIMIT:
        raise TeachingError(f"A name has at most {NAME_LIMIT} letters.")
    return name


def row_of(roster: ServerRoster, character: Character) -> ServerCharacter:
    """Return what a server has of a character, or the row that would change nothing of it."""
    row = roster.changed.get(character.id)
    if row is not None:
        return row
    return ServerCharacter(
        character.id, character.name, character.series, character.native_name, own=False
    )


def _same_series(a: str, b: str) -> bool:
    a, b = a.casefold().strip(), b.casefold().strip()
    return a in b or b in a
