"""Strings that are looked up by how they start, or by how alike they are.

Few of thousands are compared letter by letter: arrays of lengths and letters rule out the others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LAST_LETTER = "\U0010ffff"


class SortedStrings:
    """Strings in alphabetical order, each with the character that it leads to."""

    def __init__(self, pairs: list[tuple[str, int]]) -> None:
        pairs.sort()
        self._keys = [key for key, _ in pairs]
        self._owners = [owner for _, owner in pairs]

    def starting(self, start: str) -> list[int]:
        """Return whom the strings that start so lead to, in the characters' order."""
        low, high = starting_range(self._keys, start)
        return sorted(set(self._owners[low:high]))


class SimilarStrings:
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


def starting_range(keys: list[str], start: str) -> tuple[int, int]:
    """Return which of sorted keys start so."""
    return bisect_left(keys, start), bisect_right(keys, start + _LAST_LETTER)


def likeness(asked: str, key: str) -> float:
    """Return how alike two strings are, 0 to 1; one that holds the other is as good as it."""
    if asked in key or key in asked:
        return 1.0
    return OSA.normalized_similarity(asked, key)


def _letters(text: str) -> int:
    """Return which letters a text holds, as the bits of a number."""
    bits = 0
    for letter in text:
        bits |= 1 << (ord(letter) & 63)
    return bits
