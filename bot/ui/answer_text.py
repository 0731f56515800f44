"""What an answer says of a face: its name, how sure that is, and what members say of it.

The same words stand in both forms of an answer, and in the alt texts of its pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.wording import plain
from models.detection.boxes import place_of
from models.types import SETTLED, Tier, origin, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage.records import StoredGuess
    from bot.ui.answer_faces import Said, ShownFace

ACCENT = discord.Colour(0xF2789F)

NOT_KNOWN = "I don't know who this is."
DISPUTED = "The votes disagree; a moderator decides in `/review`."

_ALT_TEXT = 1024
_CLOSEST = 2
_COUNTS = ("Nobody", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
_OTHER_KINDS = {
    "not_a_face": ("Not a face", "it is no face"),
    "ignore": ("Left out", "leave it out"),
}
# Brackets in a link's text could end it; these look alike.
_UNBRACKETED = str.maketrans("[]", "［］")


def face_lines(shown: ShownFace, guesses: int, *, numbered: bool) -> list[str]:
    """Return the lines about a face: who it is, the small print, and further guesses.

    `guesses` is how many guesses are shown in all. Small print begins with `-#`.
    """
    small = [_small(shown)]
    small += [
        f"{place}. {_linked(guess.name, _link(shown, guess))} · {_about(guess)}"
        for place, guess in enumerate(shown.face.guesses[1:guesses], 2)
    ]
    number = f"`{shown.number}` " if numbered else ""
    first = f"{number}{_hide(_heading(shown), shown.hidden)}"
    return [first, *(f"-# {_hide(line, shown.hidden)}" for line in small if line)]


def fit(blocks: Sequence[Sequence[str]], limit: int) -> list[str]:
    """Return the lines of each face as one text, so short that all of them fit a limit together.

    Whole lines go first, from the end, so that no spoiler mark is cut in two.
    """
    kept = [list(block) for block in blocks]
    while sum(len("\n".join(block)) + 1 for block in kept) > limit:
        longest = max(kept, key=len)
        if len(longest) == 1:
            break
        longest.pop()
    return ["\n".join(block) for block in kept]


def alt_of_face(shown: ShownFace) -> str:
    """Return the alt text of a face's own picture. It is read out before a spoiler is lifted."""
    if shown.hidden:
        return f"Hidden face {shown.number}; the name is hidden in the text beside it."
    return _plainly(shown)[:_ALT_TEXT]


def alt_of_sheet(faces: Sequence[ShownFace]) -> str:
    """Return the alt text of the picture with the numbered faces: who is where on it."""
    if any(shown.hidden for shown in faces):
        count = f"{len(faces)} {'face' if len(faces) == 1 else 'faces'}"
        return f"Hidden picture with {count}; the names are hidden in the text below it."
    lines = [
        f"Face {shown.number}, {place_of(shown.face.box)}: {_plainly(shown)}" for shown in faces
    ]
    return "\n".join(lines)[:_ALT_TEXT]


def alt_of_together(faces: Sequence[ShownFace]) -> str:
    """Return the alt text of a picture of several faces, each with its number."""
    if any(shown.hidden for shown in faces):
        numbers = ", ".join(str(shown.number) for shown in faces)
        return f"Hidden faces {numbers}; the names are hidden in the text below them."
    return "\n".join(f"Face {shown.number}: {_plainly(shown)}" for shown in faces)[:_ALT_TEXT]


def _heading(shown: ShownFace) -> str:
    said, best = shown.said, shown.face.best
    if said is not None and said.kind in _OTHER_KINDS:
        alone, together = _OTHER_KINDS[said.kind]
        if said.by:
            return f"**{alone}, says {plain(said.by)}**"
        return f"**{_count(said)} say {together}**"
    if said is not None and said.character is not None:
        name = _linked(said.character.name, said.character.link)
        if said.by:
            return f"**{name}, named by {plain(said.by)}**"
        return f"**{_count(said)} say {name}**"
    if best is None:
        return NOT_KNOWN
    if shown.face.tier is Tier.NOT_KNOWN:
        closest = (plain(guess.name) for guess in shown.face.guesses[:_CLOSEST])
        return f"{NOT_KNOWN} Closest: {', '.join(closest)}"
    perhaps = "Probably " if shown.face.tier is Tier.PROBABLY else ""
    return f"**{perhaps}{_linked(best.name, _link(shown, best))}**"


def _small(shown: ShownFace) -> str:
    """Return the line below the name: the series, the number, and what speaks against it."""
    said, best = shown.said, shown.face.best
    parts: list[str] = []
    if said is not None and said.disputed:
        return DISPUTED
    if said is not None and said.character is not None:
        parts.append(plain(said.character.series))
        if _is_stated(shown) and best is not None:
            same = best.character_id == said.character.id
            sure = percent(best.probability)
            parts.append(sure if same else f"I said {plain(best.name)}, {sure}")
        return " · ".join(filter(None, parts))
    if best is None or (said is not None and said.kind in _OTHER_KINDS):
        return ""
    if shown.face.tier is Tier.NOT_KNOWN:
        parts.append(f"{percent(best.probability)} for {plain(best.name)}")
    elif best.by == SETTLED:
        parts += [plain(best.series), "as was settled here"]
    else:
        parts += [plain(best.series), percent(best.probability)]
        if best.by:
            parts.append(f"by the {best.by}")
    if said is not None:
        parts.append(f"wrong, says {plain(said.by)}" if said.by else f"{_count(said)} say no")
    return " · ".join(filter(None, parts))


def _plainly(shown: ShownFace) -> str:
    """Return who a face is in one line of plain text, for alt texts."""
    said, best = shown.said, shown.face.best
    if said is not None and said.kind in _OTHER_KINDS:
        alone, together = _OTHER_KINDS[said.kind]
        return f"{alone}, says {said.by}." if said.by else f"{_count(said)} say {together}."
    if said is not None and said.character is not None:
        name = _with_series(said.character.name, said.character.series)
        return f"{name}, named by {said.by}." if said.by else f"{_count(said)} say {name}."
    if best is None:
        return NOT_KNOWN
    if shown.face.tier is Tier.NOT_KNOWN:
        closest = ", ".join(guess.name for guess in shown.face.guesses[:_CLOSEST])
        return f"{NOT_KNOWN} Closest: {closest}."
    perhaps = "Probably " if shown.face.tier is Tier.PROBABLY else ""
    name = f"{perhaps}{_with_series(best.name, best.series)}{origin(best.by)}"
    return f"{name}." if best.by == SETTLED else f"{name}, {percent(best.probability)}."


def _is_stated(shown: ShownFace) -> bool:
    """Return whether I said a name with a number, rather than what people had settled."""
    best = shown.face.best
    return best is not None and shown.face.tier is not Tier.NOT_KNOWN and best.by != SETTLED


def _about(guess: StoredGuess) -> str:
    return " · ".join(filter(None, (plain(guess.series), percent(guess.probability))))


def _with_series(name: str, series: str) -> str:
    return f"{name} ({series})" if series else name


def _count(said: Said) -> str:
    return _COUNTS[said.voters] if said.voters < len(_COUNTS) else str(said.voters)


def _link(shown: ShownFace, guess: StoredGuess) -> str:
    return shown.links.get(guess.character_id, "")


def _linked(name: str, link: str) -> str:
    return f"[{plain(name).translate(_UNBRACKETED)}]({link})" if link else plain(name)


def _hide(text: str, hidden: bool) -> str:
    return f"||{text}||" if hidden else text
