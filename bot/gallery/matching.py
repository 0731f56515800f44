"""Find the character that somebody means: aliases, series, Japanese and romanised names, typos.

Names are compared folded (`models.gallery.spelling`), whatever the order of their words. What is
typed is looked up, best first, as a whole name, as the start of one, as the start of a word in
one, as words of name and series together ("rin fate"), as a series, as a part of a name, and last
with typos, which rapidfuzz allows for. All but the last are look-ups in sorted lists, so that a
keystroke among eleven thousand characters takes milliseconds (`benchmarks/roster.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, zip_longest
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from models.gallery.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from models.types import Character

CLOSE = 0.72
"""Similarity from which a name is offered."""
SURE = 0.93
"""Similarity from which a single best name is taken without asking."""

_GIVEN_NAME = SURE - 0.08
"""Likeness of a name of which only some words were typed: offered, never taken without asking."""
_SAME = 0.01
"""Two characters whose names are this alike are asked about."""
_LAST_LETTER = "\U0010ffff"
_TYPO_FROM = 3
"""Letters from which typos are allowed for."""
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


class NameList:
    """The names of some characters, ready to be looked up. Holds no model; built once.

    `titles` are further titles of series, by the one that characters carry. Characters are held
    with the most drawn first, so that a smaller number is always the better one of a tier.
    """

    def __init__(
        self,
        characters: Iterable[Character],
        titles: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.characters = tuple(sorted(characters, key=_by_appearances))
        self.owners: list[int] = []
        self.names: list[str] = []
        self._keys: list[str] = []
        self._words: list[tuple[str, ...]] = []
        for owner, character in enumerate(self.characters):
            seen: set[str] = set()
            for name in (character.name, character.native_name, *character.aliases):
                self._add(owner, name, seen)
            # Most ids are the name once more.
            if character.id.replace("_", "") not in seen:
                self._add(owner, character.id.replace("_", " "), seen)
        self._list_series(titles or {})
        self._list_names()

    def _add(self, owner: int, name: str, seen: set[str]) -> None:
        words = tuple(fold(name).split())
        key = "".join(words)
        if key and key not in seen:
            seen.add(key)
            self.owners.append(owner)
            self.names.append(name)
            self._keys.append(key)
            self._words.append(words)

    def _list_series(self, titles: Mapping[str, tuple[str, ...]]) -> None:
        by_series: defaultdict[str, list[int]] = defaultdict(list)
        for owner, character in enumerate(self.characters):
            by_series[character.series].append(owner)
        self._series: defaultdict[str, list[int]] = defaultdict(list)
        self._series_keys: dict[str, list[str]] = {}
        self._owners_of: defaultdict[str, set[int]] = defaultdict(set)
        for series, owners in by_series.items():
            keys = list(filter(None, map(fold, (series, *titles.get(series, ())))))
            self._series_keys[series] = keys
            for key in dict.fromkeys(keys):
                self._series[key.replace(" ", "")].extend(owners)
            for word in {word for key in keys for word in key.split()}:
                self._owners_of[word].update(owners)
        self._series_list = sorted(self._series)

    def _list_names(self) -> None:
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._named_by: defaultdict[str, set[int]] = defaultdict(set)
        starts: list[tuple[str, int]] = []
        turned: list[tuple[str, int]] = []
        for place, (key, words) in enumerate(zip(self._keys, self._words, strict=True)):
            self._exact[key].append(place)
            starts.append((key, self.owners[place]))
            for word in words:
                self._named_by[word].add(self.owners[place])
            if len(words) > 1:
                in_order = "".join(sorted(words))
                if in_order != key:
                    self._exact[in_order].append(place)
                # "Miku Hatsune" starts with Miku, whatever order the roster has.
                for number in range(1, len(words)):
                    rest = "".join((*words[number:], *words[:number]))
                    turned.append((rest, self.owners[place]))
        for word, owners in self._named_by.items():
            self._owners_of[word] |= owners
        self._word_list = sorted(self._owners_of)
        self._starts = _Sorted(starts)
        self._turned = _Sorted(turned)
        self._whole = _Alike(self._keys, range(len(self._keys)))
        several = [place for place, words in enumerate(self._words) if len(words) > 1]
        self._in_order = _Alike(["".join(sorted(self._words[p])) for p in several], several)
        # All names in one text, to find parts of them at once.
        self._text = "\n".join(self._keys)
        self._ends = list(accumulate(len(key) + 1 for key in self._keys))

    def exact(self, text: str) -> set[int]:
        """Return the characters that are called so, whatever the order of the words."""
        words = fold(text).split()
        key, in_order = "".join(words), "".join(sorted(words))
        places = {*self._exact.get(key, ()), *self._exact.get(in_order, ())}
        return {
            self.owners[place]
            for place in places
            if self._keys[place] == key or sorted(self._words[place]) == sorted(words)
        }

    def tiers(self, text: str) -> Iterator[Iterable[int]]:
        """Yield characters by their numbers, the tier that fits a text best first.

        Only the last, of typos, has an order of its own: the closest first.
        """
        folded = fold(text)
        key = folded.replace(" ", "")
        if not key:
            return
        yield sorted(self.exact(text))
        yield self._starts.starting(key)
        yield self._turned.starting(key)
        yield self._by_words(folded.split())
        yield sorted(self._by_series(key))
        yield self._holding(key) if len(key) > 1 else ()
        yield self._misspelled(folded) if len(key) >= _TYPO_FROM else ()

    def similar(self, folded: str, cutoff: float) -> dict[int, float]:
        """Return a similarity (0 to 1) for every name that is close, by its place in `names`."""
        joined, in_order = folded.replace(" ", ""), "".join(sorted(folded.split()))
        scores = self._whole.close(joined, cutoff)
        for place, score in self._in_order.close(in_order, cutoff).items():
            scores[place] = max(scores.get(place, 0.0), score)
        if len(joined) >= _TYPO_FROM and cutoff <= _GIVEN_NAME:
            typed = set(folded.split())
            owners = [self._named_by.get(word, set()) for word in typed]
            for owner in set.intersection(*owners):
                for place in range(*self._places(owner)):
                    if typed <= set(self._words[place]):
                        scores[place] = max(scores.get(place, 0.0), _GIVEN_NAME)
        return scores

    def likeness_of_series(self, asked: str, series: str) -> float:
        """Return how alike (0 to 1) a typed series and that of a character are, by any title."""
        folded = fold(asked)
        return max((_likeness(folded, key) for key in self._series_keys.get(series, ())), default=0)

    def in_series(self, text: str) -> set[int]:
        """Return the characters of the series that a text is, starts or is a part of."""
        key = fold(text).replace(" ", "")
        return {o for each in self._series_list if key in each for o in self._series[each]}

    def _places(self, owner: int) -> tuple[int, int]:
        """Return where a character's names lie, which are next to one another."""
        return bisect_left(self.owners, owner), bisect_right(self.owners, owner)

    def _by_words(self, words: list[str]) -> list[int]:
        """Characters of whose name and series together every typed word starts a word.

        At least one is of the name: a series alone is another tier.
        """
        if len(words) < 2:
            return []
        # The longest word leaves the fewest to look at.
        longest, *others = sorted(words, key=len, reverse=True)
        if len(longest) < 2:
            return []
        low, high = _range(self._word_list, longest)
        found = set().union(*(self._owners_of[each] for each in self._word_list[low:high]))
        return sorted(owner for owner in found if self._holds_words(owner, longest, others))

    def _holds_words(self, owner: int, longest: str, others: list[str]) -> bool:
        own = {word for place in range(*self._places(owner)) for word in self._words[place]}
        keys = self._series_keys[self.characters[owner].series]
        series = {word for key in keys for word in key.split()}
        named = any(word.startswith(longest) for word in own)
        for start in others:
            in_name = any(word.startswith(start) for word in own)
            if not in_name and not any(word.startswith(start) for word in series):
                return False
            named = named or in_name
        return named

    def _by_series(self, key: str) -> set[int]:
        low, high = _range(self._series_list, key)
        keys = self._series_list[low:high]
        if len(key) >= _TYPO_FROM and not keys:
            keys = [each for each in self._series_list if key in each]
        return {owner for each in keys for owner in self._series[each]}

    def _holding(self, key: str) -> list[int]:
        found: list[int] = []
        at = self._text.find(key)
        while at >= 0:
            place = bisect_right(self._ends, at)
            found.append(self.owners[place])
            at = self._text.find(key, self._ends[place])
        return found

    def _misspelled(self, folded: str) -> list[int]:
        scores = self.similar(folded, CLOSE)
        for place, score in self._whole.close_start(folded.replace(" ", ""), CLOSE).items():
            scores[place] = max(scores.get(place, 0.0), score * _GIVEN_NAME)
        best: dict[int, float] = {}
        for place, score in scores.items():
            owner = self.owners[place]
            best[owner] = max(best.get(owner, 0.0), score)
        return sorted(best, key=lambda owner: (-best[owner], owner))


class _Sorted:
    """Strings in alphabetical order, each with the character that it leads to."""

    def __init__(self, pairs: list[tuple[str, int]]) -> None:
        pairs.sort()
        self._keys = [key for key, _ in pairs]
        self._owners = [owner for _, owner in pairs]

    def starting(self, start: str) -> list[int]:
        """Return whom the strings that start so lead to, in the characters' order."""
        low, high = _range(self._keys, start)
        return sorted(set(self._owners[low:high]))


class _Alike:
    """Strings that are compared letter by letter; most are ruled out by length and letters."""

    def __init__(self, keys: list[str], places: Sequence[int]) -> None:
        self._keys = keys
        self._places = places
        self._lengths = np.array([len(key) for key in keys], np.int32)
        self._letters = np.array([_letters(key) for key in keys], np.uint64)

    def close(self, wanted: str, cutoff: float) -> dict[int, float]:
        """Return the similarity of the strings that reach a cutoff, by their places."""
        size = len(wanted)
        longest = np.maximum(self._lengths, size)
        edits = (longest * (1 - cutoff) + 1e-6).astype(np.int32)
        apart = np.abs(self._lengths - size)
        # An edit takes one letter away and puts one in, at most.
        differ = np.bitwise_count(self._letters ^ np.uint64(_letters(wanted)))
        rows = np.flatnonzero((apart <= edits) & (differ <= 2 * edits))
        return self._scores(wanted, [self._keys[row] for row in rows], rows, cutoff)

    def close_start(self, wanted: str, cutoff: float) -> dict[int, float]:
        """Return the similarity of the starts of the strings that are longer than `wanted`."""
        size = len(wanted)
        missing = np.bitwise_count(np.uint64(_letters(wanted)) & ~self._letters)
        edits = int(size * (1 - cutoff) + 1e-6)
        rows = np.flatnonzero((self._lengths > size) & (missing <= edits))
        return self._scores(wanted, [self._keys[row][:size] for row in rows], rows, cutoff)

    def _scores(
        self, wanted: str, keys: list[str], rows: NDArray[np.intp], cutoff: float
    ) -> dict[int, float]:
        found = process.extract(
            wanted, keys, scorer=OSA.normalized_similarity, score_cutoff=cutoff, limit=None
        )
        return {self._places[int(rows[at])]: score for _, score, at in found}


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


def _range(keys: list[str], start: str) -> tuple[int, int]:
    """Return which of sorted keys start so."""
    return bisect_left(keys, start), bisect_right(keys, start + _LAST_LETTER)


def _likeness(asked: str, key: str) -> float:
    if asked in key or key in asked:
        return 1.0
    return OSA.normalized_similarity(asked, key)


def _letters(text: str) -> int:
    """Return which letters a text holds, as the bits of a number."""
    bits = 0
    for letter in text:
        bits |= 1 << (ord(letter) & 63)
    return bits


def _by_appearances(character: Character) -> tuple[int, str, str]:
    return -character.appearances, character.name, character.id
