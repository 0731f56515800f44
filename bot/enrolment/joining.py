"""Whether a character of a source is one that can be named already, and which.

A tag that is known decides, then an id that is the tag, then a name that one character of the same
series has. Without a series a name alone decides where only one character has it. Whoever is not
found is new, and gets an id that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.roster.spelling import fold, slug
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.enrolment.found import FoundCharacter


@dataclass(frozen=True, slots=True)
class Joined:
    """Who a found character is here; `known` says that the shipped roster has it."""

    character: Character
    known: bool


class Joining:
    """Finds characters among those that can be named, and remembers whom it added.

    `roster` are the shipped characters, `added` those that were enrolled before; `tags` gives the
    id of a character's tag; `taken` are further ids that a new character must not get.
    """

    def __init__(
        self,
        roster: Iterable[Character],
        added: Iterable[Character] = (),
        *,
        tags: Mapping[str, str] | None = None,
        taken: Iterable[str] = (),
    ) -> None:
        self._everyone: dict[str, Character] = {}
        self._by_name: dict[str, set[str]] = {}
        self._tags = dict(tags or {})
        self._taken = set(taken)
        for character in roster:
            self._add(character)
        self._shipped = frozenset(self._everyone)
        for character in added:
            if character.id not in self._everyone:
                self._add(character)

    def join(self, found: FoundCharacter) -> Joined:
        """Return who a found character is; a new one is known from now on."""
        key = self._find(found)
        if key is not None:
            if found.tag:
                self._tags.setdefault(found.tag, key)
            return Joined(self._everyone[key], key in self._shipped)
        character = Character(
            self._new_id(found), found.name, found.series, found.native_name, found.aliases
        )
        self._add(character)
        if found.tag:
            self._tags[found.tag] = character.id
        return Joined(character, known=False)

    def _find(self, found: FoundCharacter) -> str | None:
        if found.tag:
            if found.tag in self._tags:
                return self._tags[found.tag]
            if slug(found.tag) in self._everyone:
                return slug(found.tag)
        for name in (found.name, found.native_name, *found.aliases):
            key = self._by_names(name, found.series)
            if key is not None:
                return key
        return None

    def _by_names(self, name: str, series: str) -> str | None:
        same = self._by_name.get(_key(name), set()) if name else set()
        if not series:
            return next(iter(same)) if len(same) == 1 else None
        alike = [key for key in same if same_series(series, self._everyone[key].series)]
        return alike[0] if len(alike) == 1 else None

    def _add(self, character: Character) -> None:
        self._everyone[character.id] = character
        for name in (character.name, character.native_name, *character.aliases):
            if name and _key(name):
                self._by_name.setdefault(_key(name), set()).add(character.id)

    def _new_id(self, found: FoundCharacter) -> str:
        base = slug(found.tag) or slug(found.name) or f"character_{slug(found.ref)}"
        key, number = base, 1
        while key in self._everyone or key in self._taken:
            number += 1
            key = f"{base}_{number}"
        return key


def same_series(one: str, other: str) -> bool:
    """Say whether two spellings mean one series: one is the other, or its first words.

    Sequels and spin-offs carry their series' name in front: “Fate” is in “Fate/stay night”.
    """
    a, b = fold(one).split(), fold(other).split()
    shorter = min(len(a), len(b))
    return shorter > 0 and a[:shorter] == b[:shorter]


def _key(name: str) -> str:
    """Return a name as it is compared: its folded words in order of the alphabet."""
    return " ".join(sorted(fold(name).split()))
