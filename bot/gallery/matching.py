"""Find the character that somebody means: aliases, series, Japanese and romanised names, typos.

Names are compared folded: width and case (NFKC), macrons and doubled long vowels, hiragana and
katakana read as Hepburn romaji, punctuation and word order left out. Small typos are allowed for by
rapidfuzz: the better of the Damerau-Levenshtein similarity of the whole and of its sorted words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jaconv
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.types import Character

CLOSE = 0.72
"""Similarity from which a name is offered."""
SURE = 0.93
"""Similarity from which a single best name is taken without asking."""

# Syllables of foreign names; jaconv would read their small vowels as large ones.
_FOREIGN = {
    "しぇ": "she", "じぇ": "je", "ちぇ": "che", "てぃ": "ti", "でぃ": "di", "でゅ": "dyu",
    "とぅ": "tu", "どぅ": "du", "ふぁ": "fa", "ふぃ": "fi", "ふぇ": "fe", "ふぉ": "fo",
    "ふゅ": "fyu", "うぃ": "wi", "うぇ": "we", "うぉ": "wo", "ゔぁ": "va", "ゔぃ": "vi",
    "ゔぇ": "ve", "ゔぉ": "vo", "つぁ": "tsa",
}  # fmt: skip
_FOREIGN_SYLLABLE = re.compile("|".join(_FOREIGN))
_MARKS = str.maketrans({"ー": None, "・": " "})
_LONG_VOWELS = re.compile(r"(aa|ii|uu|ee|oo|ou)")
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)
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
    """The names of a gallery, ready to be searched. Cheap to build; holds no model."""

    def __init__(self, characters: Iterable[Character]) -> None:
        self._characters: list[Character] = []
        self._keys: list[str] = []
        self._sorted: list[str] = []
        self._via: list[str] = []
        for character in characters:
            for name in dict.fromkeys(
                (character.name, character.native_name, *character.aliases,
                 character.id.replace("_", " "))
            ):  # fmt: skip
                key = fold(name)
                if key:
                    self._characters.append(character)
                    self._keys.append(key.replace(" ", ""))
                    self._sorted.append("".join(sorted(key.split())))
                    self._via.append(name)

    def search(self, text: str, limit: int = 5) -> list[NameMatch]:
        """Return the characters that `text` may mean, best first, at most `limit`.

        `text` may carry the series in brackets, "Rin (Fate)", which then decides between
        characters of the same name.
        """
        text = text[:200]
        series = ""
        if bracketed := _IN_BRACKETS.match(text.strip()):
            text, series = bracketed["name"], bracketed["series"]
        key = fold(text)
        if not key:
            return []
        scores = self._scores(key)
        best: dict[str, NameMatch] = {}
        for i, score in scores.items():
            character = self._characters[i]
            if series:
                score = score * (0.8 + 0.2 * _series_likeness(series, character.series))
            if score >= CLOSE and score > getattr(best.get(character.id), "score", 0.0):
                best[character.id] = NameMatch(character, score, self._via[i])
        return sorted(best.values(), key=lambda m: (-m.score, m.character.name))[:limit]

    def resolve(self, text: str) -> Character | None:
        """Return the one character that `text` surely means, else None."""
        found = self.search(text, limit=2)
        if not found or not found[0].sure:
            return None
        if len(found) > 1 and found[1].score >= found[0].score - 0.01:
            return None
        return found[0].character

    def complete(self, text: str, limit: int = 25) -> list[Character]:
        """Return characters for an autocompletion: a name or series that starts so, then close."""
        key = fold(text).replace(" ", "")
        if not key:
            return list(dict.fromkeys(self._characters))[:limit]
        starts = [c for c, k in zip(self._characters, self._keys, strict=True) if k.startswith(key)]
        holds = [
            c
            for c, k in zip(self._characters, self._keys, strict=True)
            if key in k or key in fold(c.series).replace(" ", "")
        ]
        close = [match.character for match in self.search(text, limit)]
        return list(dict.fromkeys((*starts, *holds, *close)))[:limit]

    def _scores(self, key: str) -> dict[int, float]:
        """Return a similarity (0 to 1) for every name that is close, by its place."""
        scores: dict[int, float] = {}
        joined, ordered = key.replace(" ", ""), "".join(sorted(key.split()))
        for wanted, names in ((joined, self._keys), (ordered, self._sorted)):
            for _, score, i in process.extract(
                wanted,
                names,
                scorer=DamerauLevenshtein.normalized_similarity,
                score_cutoff=CLOSE,
                limit=None,
            ):
                scores[i] = max(scores.get(i, 0.0), score)
        words = set(key.split())
        if len(joined) >= 3:
            for i, via in enumerate(self._via):
                # A given name alone ("Miku") is offered, never taken without asking.
                if words <= set(fold(via).split()):
                    scores[i] = max(scores.get(i, 0.0), SURE - 0.08)
        return scores


def fold(text: str) -> str:
    """Return a name as it is compared: lower-case words of letters and digits, kana as romaji."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _romanise(text)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _NOT_WORD.sub(" ", text.replace("_", " ").replace("'", "")).strip()
    return _LONG_VOWELS.sub(lambda m: m[0][0], text)


def slug(text: str) -> str:
    """Return a short identifier of a name: ascii letters, digits and underscores, may be empty."""
    return re.sub(r"[^a-z0-9]+", "_", fold(text)).strip("_")[:60]


def _romanise(text: str) -> str:
    """Read kana as Hepburn romaji; everything else stays."""
    first, *doubled = re.split("っ+", jaconv.kata2hira(text).translate(_MARKS))
    parts = [_read(first)]
    for part in doubled:
        romaji = _read(part)
        # The small tsu doubles the consonant that follows it, and is silent elsewhere.
        parts.append(romaji[0] + romaji if "ぁ" <= part[:1] <= "ゖ" else romaji)
    return "".join(parts)


def _read(kana: str) -> str:
    return jaconv.kana2alphabet(_FOREIGN_SYLLABLE.sub(lambda found: _FOREIGN[found[0]], kana))


def _series_likeness(asked: str, series: str) -> float:
    a, b = fold(asked), fold(series)
    if not b:
        return 0.0
    if a in b or b in a:
        return 1.0
    return DamerauLevenshtein.normalized_similarity(a, b)
