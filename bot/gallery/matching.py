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

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.types import Character

CLOSE = 0.72
"""Similarity from which a name is offered."""
SURE = 0.93
"""Similarity from which a single best name is taken without asking."""

_DIGRAPHS = {
    "キャ": "kya", "キュ": "kyu", "キョ": "kyo", "シャ": "sha", "シュ": "shu", "ショ": "sho",
    "チャ": "cha", "チュ": "chu", "チョ": "cho", "ニャ": "nya", "ニュ": "nyu", "ニョ": "nyo",
    "ヒャ": "hya", "ヒュ": "hyu", "ヒョ": "hyo", "ミャ": "mya", "ミュ": "myu", "ミョ": "myo",
    "リャ": "rya", "リュ": "ryu", "リョ": "ryo", "ギャ": "gya", "ギュ": "gyu", "ギョ": "gyo",
    "ジャ": "ja", "ジュ": "ju", "ジョ": "jo", "ビャ": "bya", "ビュ": "byu", "ビョ": "byo",
    "ピャ": "pya", "ピュ": "pyu", "ピョ": "pyo", "シェ": "she", "ジェ": "je", "チェ": "che",
    "ティ": "ti", "ディ": "di", "デュ": "dyu", "トゥ": "tu", "ドゥ": "du", "ファ": "fa",
    "フィ": "fi", "フェ": "fe", "フォ": "fo", "フュ": "fyu", "ウィ": "wi", "ウェ": "we",
    "ウォ": "wo", "ヴァ": "va", "ヴィ": "vi", "ヴェ": "ve", "ヴォ": "vo", "ツァ": "tsa",
}  # fmt: skip
_ROWS = {
    "アイウエオァィゥェォ": "a i u e o a i u e o",
    "カキクケコガギグゲゴ": "ka ki ku ke ko ga gi gu ge go",
    "サシスセソザジズゼゾ": "sa shi su se so za ji zu ze zo",
    "タチツテトダヂヅデド": "ta chi tsu te to da ji zu de do",
    "ナニヌネノ": "na ni nu ne no",
    "ハヒフヘホバビブベボパピプペポ": "ha hi fu he ho ba bi bu be bo pa pi pu pe po",
    "マミムメモ": "ma mi mu me mo",
    "ヤユヨャュョ": "ya yu yo ya yu yo",
    "ラリルレロ": "ra ri ru re ro",
    "ワヲンヴ": "wa wo n vu",
}
_SYLLABLES = {
    kana: romaji
    for row, spelling in _ROWS.items()
    for kana, romaji in zip(row, spelling.split(), strict=True)
}
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
    text = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)
    out: list[str] = []
    double = False
    i = 0
    while i < len(text):
        pair, char = text[i : i + 2], text[i]
        if char == "ッ":
            double, i = True, i + 1
            continue
        if char == "ー":
            i += 1
            continue
        kana = _DIGRAPHS.get(pair) or _SYLLABLES.get(char)
        if kana is None:
            out.append(" " if char == "・" else char)
            i += 1
        else:
            out.append((kana[0] if double else "") + kana)
            i += 2 if pair in _DIGRAPHS else 1
        double = False
    return "".join(out)


def _series_likeness(asked: str, series: str) -> float:
    a, b = fold(asked), fold(series)
    if not b:
        return 0.0
    if a in b or b in a:
        return 1.0
    return DamerauLevenshtein.normalized_similarity(a, b)
