"""Find the character that somebody means: aliases, series, Japanese and romanised names, typos.

What is typed is looked up, best first, as a whole name, as the start of one, as the start of a
word in one, as words of name and series together ("rin fate"), as a series, as a part of a name,
and last with typos, which rapidfuzz allows for (`models.roster.name_list`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from models.roster.name_list import CLOSE, SURE, NameList
from models.roster.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from models.types import Character

_SAME = 0.01
"""Two characters whose names are this alike are asked about."""
_LAST_TIER = 6
"""The tier of typos, which costs most."""
_ENOUGH = 5
"""Characters of the tiers before, from which typos are not looked for."""

_IN_BRACKETS = re.compile(r"^(?P<name>.+?)\s*[(\[（【](?P<series>[^)\]）】]+)[)\]）】]\s*$")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A character that a text may mean. `score` is 0 to 1; `via` is the name that matched."""

    character: Character
    score: float
    via: str

    @property
    def sure(self) -> bool:
        """Whether the match needs no question."""
        return self.score >= SURE


class NameIndex:
    """The names of a server: its own characters before the listed ones that it left as they are.

    `listed` is shared by all servers. `hidden` are the ids in it that the server renamed, merged or
    forgot. `named` are the ids that can be named, which decides between two of the same name.
    """

    def __init__(
        self,
        own: Iterable[Character] | NameList,
        listed: NameList | None = None,
        *,
        hidden: Collection[str] = (),
        named: Collection[str] = (),
    ) -> None:
        self._own = own if isinstance(own, NameList) else NameList(own)
        self._listed = listed
        self._hidden = frozenset(hidden)
        self._named = frozenset(named)

    def search(self, text: str, limit: int = 5, *, cutoff: float = CLOSE) -> list[NameMatch]:
        """Return the characters that `text` may mean, best first, at most `limit`.

        `text` may carry the series in brackets, "Rin (Fate)", which then decides between
        characters of the same name.
        """
        name, series = self._split(text)
        folded = fold(name)
        if not folded:
            return []
        found: dict[str, tuple[NameMatch, bool]] = {}
        for names, own in self._lists():
            for place, score in names.similar(folded, cutoff).items():
                character = names.characters[names.owners[place]]
                if not own and character.id in self._hidden:
                    continue
                if series:
                    score *= 0.8 + 0.2 * names.likeness_of_series(series, character.series)
                before = found.get(character.id)
                if score >= cutoff and (before is None or score > before[0].score):
                    found[character.id] = NameMatch(character, score, names.names[place]), own
        ranked = sorted(
            found.values(),
            key=lambda each: (
                -each[0].score, not each[1], -each[0].character.appearances,
                each[0].character.name,
            ),
        )  # fmt: skip
        return [match for match, _ in ranked[:limit]]

    def resolve(self, text: str) -> Character | None:
        """Return the one character that `text` surely means, else None.

        Of several of the same name it is the server's own, or else the only one that can be named.
        """
        name, series = self._split(text)
        exact = [
            (character, own)
            for character, own in self._exact(name)
            if not series or self._is_from(character, series)
        ]
        if not exact:
            found = self.search(text, limit=50, cutoff=SURE)
            best = found[0].score - _SAME if found else 0.0
            exact = [(m.character, self._is_own(m.character)) for m in found if m.score >= best]
        for group in (
            exact,
            [each for each in exact if each[1]],
            [each for each in exact if each[0].id in self._named],
        ):
            if len(group) == 1:
                return group[0][0]
        return None

    def homonyms(self, text: str) -> list[Character]:
        """Return the characters that a text names exactly, the most drawn first."""
        name, series = self._split(text)
        found = [c for c, _ in self._exact(name) if not series or self._is_from(c, series)]
        return sorted(found, key=lambda c: (not self._is_own(c), -c.appearances, c.name))

    def holds(self, name: str) -> bool:
        """Whether somebody is called so."""
        return any(True for _ in self._exact(name))

    def complete(self, text: str, limit: int = 25) -> list[Character]:
        """Return characters for an autocompletion, best first; see the module for the order.

        Within what fits equally well the server's own come first, then the most drawn.
        """
        if not fold(text):
            everybody = (c for names, own in self._lists() for c in self._left(names, own))
            return list(islice(everybody, limit))
        name, series = self._split(text)
        if series and fold(name):
            return self._complete_in(name, series, limit)
        chosen: dict[str, Character] = {}
        tiers = zip_longest(*(names.tiers(text) for names, _ in self._lists()), fillvalue=())
        for number, tier in enumerate(tiers):
            if len(chosen) >= (_ENOUGH if number == _LAST_TIER else limit):
                break
            for (names, own), owners in zip(self._lists(), tier, strict=True):
                for owner in owners:
                    character = names.characters[owner]
                    if own or character.id not in self._hidden:
                        chosen.setdefault(character.id, character)
                        if len(chosen) == limit:
                            break
        return list(chosen.values())[:limit]

    def in_series(self, text: str) -> list[Character]:
        """Return the characters of a series, own ones first, then the most drawn."""
        return [
            names.characters[owner]
            for names, own in self._lists()
            for owner in sorted(names.in_series(text))
            if own or names.characters[owner].id not in self._hidden
        ]

    def of_series(self, title: str) -> list[Character]:
        """Return the characters of the series that is called so, or else of all that may be meant.

        Own ones come first, then the most drawn.
        """
        found = [
            names.characters[owner]
            for names, own in self._lists()
            for owner in sorted(names.of_series(title))
            if own or names.characters[owner].id not in self._hidden
        ]
        return found or self.in_series(title)

    def series(self, text: str, limit: int = 25) -> list[str]:
        """Return the titles of series for an autocompletion, own ones first."""
        titles = (title for names, _ in self._lists() for title in names.titles(text))
        return list(islice(dict.fromkeys(titles), limit))

    def _complete_in(self, name: str, series: str, limit: int) -> list[Character]:
        """Complete "Rin (Fate": the names that fit, those of the series first."""
        ids = {character.id for character in self.in_series(series)}
        found = self.complete(name, 4 * limit)
        return sorted(found, key=lambda character: character.id not in ids)[:limit]

    def _split(self, text: str) -> tuple[str, str]:
        """Return the name and the series of "Rin (Fate)"; "Rover (male)" is a name as it is."""
        text = text[:200].strip()
        bracketed = _IN_BRACKETS.match(text)
        if bracketed is None or self.holds(text):
            return text, ""
        return bracketed["name"], bracketed["series"]

    def _lists(self) -> list[tuple[NameList, bool]]:
        listed = [(self._listed, False)] if self._listed is not None else []
        return [(self._own, True), *listed]

    def _left(self, names: NameList, own: bool) -> Iterator[Character]:
        return (c for c in names.characters if own or c.id not in self._hidden)

    def _exact(self, name: str) -> Iterator[tuple[Character, bool]]:
        for names, own in self._lists():
            for owner in sorted(names.exact(name)):
                character = names.characters[owner]
                if own or character.id not in self._hidden:
                    yield character, own

    @cached_property
    def _own_ids(self) -> frozenset[str]:
        return frozenset(character.id for character in self._own.characters)

    def _is_own(self, character: Character) -> bool:
        return self._listed is not None and character.id in self._own_ids

    def _is_from(self, character: Character, series: str) -> bool:
        return any(
            names.likeness_of_series(series, character.series) >= CLOSE
            for names, _ in self._lists()
        )
