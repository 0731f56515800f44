"""Who there is in a server: the listed characters with the server's own and its changes on top.

A merge, a renaming or a forgotten character is a row beside the listed one, never a change of
labels or vectors; so each can be undone by taking the row away. That a character is listed does not
mean that it can be named: that is up to the gallery (`ServerRoster.named`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from models.roster.matching import NameIndex
from models.roster.name_list import NameList
from models.roster.roster import Roster
from models.roster.spelling import slug
from models.types import Character

if TYPE_CHECKING:
    from bot.storage.records import ServerCharacter


class Listed:
    """The characters that every server starts with. Made once; servers share it.

    Who is in the gallery but in no roster belongs to it as well. `named` are the ids that the
    shipped gallery can name.
    """

    def __init__(self, gallery: Iterable[Character], roster: Roster | None = None) -> None:
        gallery = tuple(gallery)
        self.named = frozenset(character.id for character in gallery)
        self.same: Mapping[str, str] = roster.same if roster is not None else {}
        self._titles = roster.titles if roster is not None else {}
        self.characters = {character.id: character for character in roster or ()}
        for character in gallery:
            self.characters.setdefault(character.id, character)

    @cached_property
    def names(self) -> NameList:
        """The names, ready to be looked up; takes about a second the first time."""
        return NameList(self.characters.values(), self._titles)


class ServerRoster:
    """The characters of one server; made anew whenever its gallery changes."""

    def __init__(
        self,
        shipped: Iterable[Character] | Listed,
        changed: Iterable[ServerCharacter] = (),
        aliases: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        aliases = aliases or {}
        self.listed = shipped if isinstance(shipped, Listed) else Listed(shipped)
        self.changed = {row.id: row for row in changed}
        self._rows: dict[str, Character] = {}
        for row in self.changed.values():
            before = self.listed.characters.get(row.id)
            self._rows[row.id] = (
                Character(row.id, row.name, row.series, row.native_name)
                if before is None
                else replace(before, name=row.name, series=row.series, native_name=row.native_name)
            )
        names: dict[str, list[str]] = {}
        for key in {*self._rows, *aliases}:
            resolved = self.resolve(key)
            if resolved is not None:
                own = self._known(key)
                # Who was merged into another leaves his names to him.
                extra: tuple[str, ...] = ()
                if own is not None and resolved != key:
                    extra = (own.name, own.native_name, *own.aliases)
                names.setdefault(resolved, []).extend((*aliases.get(key, ()), *extra))
        own_characters = {
            key: _with_names(character, names.get(key, ()))
            for key in dict.fromkeys((*self._rows, *names))
            if self.resolve(key) == key and (character := self._known(key)) is not None
        }
        self.characters: Mapping[str, Character] = _Overlay(
            self.listed.characters, own_characters, {*self._rows, *own_characters}
        )

    @property
    def named(self) -> frozenset[str]:
        """The ids that the shipped gallery can name."""
        return self.listed.named

    @property
    def shipped_ids(self) -> Mapping[str, Character]:
        """The listed characters by id, which mean the same in every server."""
        return self.listed.characters

    @cached_property
    def index(self) -> NameIndex:
        """The names of everybody here."""
        overlay = self.characters
        assert isinstance(overlay, _Overlay)  # noqa: S101 - made above
        return NameIndex(
            overlay.own.values(), self.listed.names, hidden=overlay.hidden, named=self.named
        )

    def resolve(self, key: str) -> str | None:
        """Follow merges from a character's id; None where it leads to nobody who can be named."""
        seen: set[str] = set()
        while key not in seen:
            seen.add(key)
            row = self.changed.get(key)
            if row is None:
                key = self.listed.same.get(key, key)
                row = self.changed.get(key)
                if row is None:
                    return key if key in self.listed.characters else None
            if row.state == "active":
                return key
            if row.state == "forgotten" or row.merged_into is None:
                return None
            key = row.merged_into
        return None

    def find(self, text: str) -> Character | None:
        """Return the character of an id, or the one that a typed name surely means."""
        resolved = self.resolve(text)
        # An id may be a name that several have, "luna": then it says no more than the name does.
        if resolved is None or len(self.index.homonyms(text)) > 1:
            return self.index.resolve(text)
        return self.characters[resolved]

    def value(self, character: Character) -> str:
        """Return a text that `find` surely finds a character by: its id, or name and series."""
        found = self.find(character.id)
        same = found is not None and found.id == character.id
        return character.id if same else f"{character.name} ({character.series})"

    def full_name(self, character: Character, *, always: bool = False) -> str:
        """Return a name that is nobody else's here, with the series where several have it.

        `always` says the series of every listed character that the server left as it is.
        """
        several = len(self.index.homonyms(character.name)) > 1
        as_listed = always and character.id not in self.changed
        said = character.series and (several or as_listed)
        return f"{character.name} ({character.series})" if said else character.name

    def name(self, label: str) -> str:
        """Return the name that a label is shown with, whatever became of the character."""
        character = self._known(self.resolve(label) or label)
        return character.name if character else label

    def new_id(self, name: str) -> str:
        """Return an id for a new character that no other of this server has or had."""
        base = slug(name) or "character"
        number = 1
        key = base
        while key in self._rows or key in self.listed.characters or key in self.listed.same:
            number += 1
            key = f"{base}_{number}"
        return key

    def _known(self, key: str) -> Character | None:
        return self._rows.get(key) or self.listed.characters.get(key)


class _Overlay(Mapping[str, Character]):
    """The listed characters with a server's own in front; those that it changed are hidden."""

    def __init__(
        self, listed: Mapping[str, Character], own: dict[str, Character], hidden: set[str]
    ) -> None:
        self._listed = listed
        self.own = own
        self.hidden = frozenset(hidden)

    def __getitem__(self, key: str) -> Character:
        if key in self.own:
            return self.own[key]
        if key in self.hidden:
            raise KeyError(key)
        return self._listed[key]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (key for key in self._listed if key not in self.hidden)

    def __len__(self) -> int:
        taken = sum(key in self._listed for key in self.hidden)
        return len(self.own) + len(self._listed) - taken


def _with_names(character: Character, names: Iterable[str]) -> Character:
    aliases = dict.fromkeys(name for name in (*character.aliases, *names) if name)
    return replace(character, aliases=tuple(aliases))
