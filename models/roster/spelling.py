"""How names are spelled alike: the folded form in which names and series are compared.

Folded are width and case (NFKC), macrons and doubled long vowels, hiragana and katakana (read as
Hepburn romaji), accents and punctuation.
"""

from __future__ import annotations

import re
import unicodedata

import jaconv

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
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)


def fold(text: str) -> str:
    """Return a name as it is compared: lower-case words of letters and digits, kana as romaji."""
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", text).casefold()
        text = _romanise(text)
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    text = _NOT_WORD.sub(" ", text.replace("_", " ").replace("'", "").replace("’", "")).strip()
    return _LONG_VOWELS.sub(lambda m: m[0][0], text)


def can_be_read(name: str) -> bool:
    """Say whether a name has a letter or a digit: nobody is called `...`, or what shows nothing.

    Hangul's fillers are letters to Unicode, and show nothing either.
    """
    return any(c.isalnum() and c not in _FILLERS for c in name)


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
