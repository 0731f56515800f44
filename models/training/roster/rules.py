"""The rules for names and series that need no list: order, small words, scripts, spelling."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from models.roster.spelling import slug
from models.training.roster.corrections import MEDIUM, SEASON, series_key
from models.training.roster.rows import sorted_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.training.roster.corrections import Corrections
    from models.training.roster.rows import Row

_SMALL_WORDS: Final = {"No": "no", "Of": "of", "The": "the", "Von": "von", "And": "and"}
_SYLLABLES: Final = re.compile(
    r"""^(?:
        (?:[kgsztdnhbpmyrwjfv]|[kgsnhbpmrjct]y|sh|ch|ts|kk|ss|tt|pp|ssh|tch|kky|ppy|tts)?[aiueo]
        | n(?![aiueoy]) | n'
        | h(?=$|[kstnmrgzdbp])
    )+$""",
    re.IGNORECASE | re.VERBOSE,
)
_CJK: Final = "぀-ヿ㐀-鿿々〇가-힣"
_KATAKANA_SPACE: Final = re.compile(r"(?<=[ァ-ー])\s+(?=[ァ-ー])")
_CJK_SPACE: Final = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_SEVERAL: Final = re.compile(r"\s*[/／]\s*|\s*,\s+")
_IN_BRACKETS: Final = re.compile(r"^(.+?)\s*[(（]([^()（）]+)[)）]$")


def order_names(rows: Mapping[str, Row], corrections: Corrections) -> None:
    """Put the family name of Japanese names first, where tags show which of the two it is."""
    family: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for row in rows.values():
        words = _japanese_words(row.name)
        bare = re.sub(r"_\(.*", "", row.tag)
        if words and bare and slug(bare) == slug(row.name):
            family[words[0].lower()] += 1
            given[words[1].lower()] += 1
    for row in rows.values():
        words = _japanese_words(row.name)
        order = corrections.value("order", row.id)
        if order == "turned":
            turn = True
        elif order == "kept" or row.tag or not words or row.series == "One Piece":
            # The source for One Piece is ordered already.
            turn = False
        else:
            first, last = words[0].lower(), words[1].lower()
            for_turning = (given[first] > 0) + (family[last] > 0)
            for_keeping = (family[first] > 0) + (given[last] > 0)
            if for_turning == for_keeping:
                for_turning += given[first] + family[last]
                for_keeping += family[first] + given[last]
            turn = for_turning > for_keeping
        if turn:
            row.name = " ".join(reversed(row.name.split()))


def _japanese_words(name: str) -> list[str]:
    """Return the two words of a name that may be Japanese in romaji, else nothing."""
    words = name.split()
    if len(words) == 2 and all(len(word) > 1 and _SYLLABLES.match(word) for word in words):
        return words
    return []


def small_words(name: str) -> str:
    """Write the small words of a name small."""
    first, *rest = name.split() or [""]
    return " ".join([first, *(_SMALL_WORDS.get(word, word) for word in rest)])


def own_script(row: Row) -> None:
    """Take the first of several names in another script, without its spaces and brackets."""
    names = [_unspaced(name) for name in _SEVERAL.split(row.native_name) if name.strip()]
    if not names:
        row.native_name = ""
        return
    if in_brackets := _IN_BRACKETS.match(names[0]):
        names[:1] = in_brackets.groups()
    row.native_name, *others = names
    row.aliases.extend(others)


def _unspaced(name: str) -> str:
    return _CJK_SPACE.sub("", _KATAKANA_SPACE.sub("・", name.strip()))


def one_spelling(rows: Iterable[Row]) -> None:
    """Give spellings of a series that fold alike, and are not listed, the most frequent one."""
    rows = list(rows)
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        spellings[series_key(row.series)][row.series] += 1
    for row in rows:
        counts = spellings[series_key(row.series)]
        most = max(counts, key=lambda text: (counts[text], text))
        row.series = SEASON.sub("", MEDIUM.sub("", most)) if row.series else ""


def distinct_aliases(row: Row) -> list[str]:
    """Return a row's aliases without what its name, however ordered or spelled, says already."""
    known = {sorted_words(row.name), sorted_words(row.native_name), ""}
    kept: list[str] = []
    for alias in row.aliases:
        bracketed = _IN_BRACKETS.match(alias)
        if bracketed and sorted_words(bracketed[1]) in known:
            continue
        key = sorted_words(alias)
        if key not in known:
            known.add(key)
            kept.append(alias.replace(";", ","))
    return kept
