"""The names of characters, ready to be looked up: whole names, starts, words, series, typos.

Names are compared folded (`models.roster.spelling`), whatever the order of their words. All but
the last are look-ups in sorted lists, so that a keystroke among eleven thousand characters takes
milliseconds (`benchmarks/roster.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from models.roster.spelling import fold
from models.roster.strings import SimilarStrings, SortedStrings, likeness, starting_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from models.types import Character

CLOSE = 0.72
"""Similarity from which a name is offered."""
SURE = 0.93
"""Similarity from which a single best name is taken without asking."""

_GIVEN_NAME = SURE - 0.08
"""Likeness of a name of which only some words were typed: offered, never taken without asking."""
_TYPO_FROM = 3
"""Letters from which typos are allowed for."""


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
        self._titles_by_size = [
            (series, [key.replace(" ", "") for key in self._series_keys[series]])
            for series in sorted(by_series, key=lambda each: (-len(by_series[each]), each))
            if series
        ]

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
        self._starts = SortedStrings(starts)
        self._turned = SortedStrings(turned)
        self._whole = SimilarStrings(self._keys, range(len(self._keys)))
        several = [place for place, words in enumerate(self._words) if len(words) > 1]
        self._in_order = SimilarStrings(["".join(sorted(self._words[p])) for p in several], several)
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
        return max((likeness(folded, key) for key in self._series_keys.get(series, ())), default=0)

    def of_series(self, title: str) -> set[int]:
        """Return the characters of the series of a title, by any of its titles."""
        return set(self._series.get(fold(title).replace(" ", ""), ()))

    def titles(self, text: str) -> list[str]:
        """Return the series of which a title starts with a text, then those that hold it.

        In each the series with the most characters come first; all of them where there is no text.
        """
        key = fold(text).replace(" ", "")
        starting: list[str] = []
        holding: list[str] = []
        for series, keys in self._titles_by_size:
            if any(each.startswith(key) for each in keys):
                starting.append(series)
            elif any(key in each for each in keys):
                holding.append(series)
        return starting + holding

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
        low, high = starting_range(self._word_list, longest)
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
        low, high = starting_range(self._series_list, key)
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


def _by_appearances(character: Character) -> tuple[int, str, str]:
    return -character.appearances, character.name, character.id
