"""Who can be named in a server: the shipped roster with the server's own names on top.

A merge, a renaming or a forgotten character is a row beside the shipped one, never a change of
labels or vectors; so each can be undone by taking the row away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.gallery.matching import NameIndex, slug
from models.types import Character

if TYPE_CHECKING:
    from bot.storage.records import ServerCharacter


class ServerRoster:
    """The characters of one server; made anew whenever its gallery changes."""

    def __init__(
        self,
        shipped: Iterable[Character],
        changed: Iterable[ServerCharacter] = (),
        aliases: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        aliases = aliases or {}
        self.changed = {row.id: row for row in changed}
        everyone = {character.id: character for character in shipped}
        self.shipped_ids = frozenset(everyone)
        for row in self.changed.values():
            before = everyone.get(row.id)
            everyone[row.id] = Character(
                row.id,
                row.name,
                row.series,
                row.native_name,
                before.aliases if before is not None else (),
            )
        self._everyone = everyone
        names: dict[str, list[str]] = {}
        for key in everyone:
            resolved = self.resolve(key)
            if resolved is not None:
                own = everyone[key]
                # Who was merged into another leaves his names to him.
                extra = (own.name, own.native_name, *own.aliases) if resolved != key else ()
                names.setdefault(resolved, []).extend((*aliases.get(key, ()), *extra))
        self.characters: dict[str, Character] = {
            key: replace(
                character,
                aliases=tuple(
                    dict.fromkeys(n for n in (*character.aliases, *names.get(key, ())) if n)
                ),
            )
            for key, character in everyone.items()
            if self.resolve(key) == key
        }
        self.index = NameIndex(self.characters.values())

    def resolve(self, key: str) -> str | None:
        """Follow merges from a character's id; None where it leads to nobody who can be named."""
        seen: set[str] = set()
        while key in self._everyone and key not in seen:
            seen.add(key)
            row = self.changed.get(key)
            if row is None or row.state == "active":
                return key
            if row.state == "forgotten" or row.merged_into is None:
                return None
            key = row.merged_into
        return None

    def find(self, text: str) -> Character | None:
        """Return the character of an id, or the one that a typed name surely means."""
        resolved = self.resolve(text)
        return self.characters[resolved] if resolved else self.index.resolve(text)

    def name(self, label: str) -> str:
        """Return the name that a label is shown with, whatever became of the character."""
        resolved = self.resolve(label) or label
        character = self._everyone.get(resolved)
        return character.name if character else label

    def new_id(self, name: str) -> str:
        """Return an id for a new character that no other of this server has or had."""
        base = slug(name) or "character"
        taken = {*self._everyone, *self.changed}
        number = 1
        key = base
        while key in taken:
            number += 1
            key = f"{base}_{number}"
        return key
