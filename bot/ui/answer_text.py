"""What an answer says: pages, lines and bars made from what was found in the pictures.

Nothing here sends anything. `pages` and `embed` turn what is stored of an answer into what is
shown, so that a card can be paged after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from bot.recognition.sources import SPOILER_PREFIX, is_spoiler
from bot.wording import NAME_LIMIT, plain
from models.types import Tier, origin, percent

if TYPE_CHECKING:
    from bot.storage.records import AnsweredFace, AnsweredPicture, StoredGuess

FACES_PER_PAGE = 6
"""Faces on one page of a card: more lines than that push the buttons out of sight."""

ACCENT = discord.Colour(0xF2789F)

_CELLS = 8
_TEXT_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a card: the faces `start` to `stop` of one picture.

    `picture` is the picture's index; `part` of `parts` counts the pages of that picture, from 0.
    """

    picture: int
    start: int
    stop: int
    part: int
    parts: int


def pages(pictures: Sequence[AnsweredPicture]) -> list[Page]:
    """Return the pages of a card, at least one a picture, in order."""
    found: list[Page] = []
    for index, picture in enumerate(pictures):
        parts = max(1, -(-len(picture.faces) // FACES_PER_PAGE))
        for part in range(parts):
            start = part * FACES_PER_PAGE
            stop = min(start + FACES_PER_PAGE, len(picture.faces))
            found.append(Page(index, start, stop, part, parts))
    return found


def embed(
    pictures: Sequence[AnsweredPicture], page: int, *, opened: bool, guesses: int
) -> discord.Embed:
    """Return the text of page `page` of a card, counted from 0.

    `opened` shows the guesses after the best one, up to `guesses` in all. The text stays within
    Discord's limit of an embed whatever the names are.
    """
    shown = pages(pictures)[page]
    picture = pictures[shown.picture]
    hidden = is_spoiler(picture.name)
    blocks = [
        _block(number, picture.faces[number], hidden, guesses if opened else 1)
        for number in range(shown.start, shown.stop)
    ]
    if not blocks:
        blocks = ["No face found in this picture."]
    card = discord.Embed(description=_fit(blocks), colour=ACCENT)
    if len(pictures) > 1:
        name = picture.name.removeprefix(SPOILER_PREFIX)[:NAME_LIMIT]
        card.set_author(name=f"Picture {shown.picture + 1} of {len(pictures)} · {name}")
    footer = []
    if shown.parts > 1:
        footer.append(f"faces {shown.start + 1} to {shown.stop} of {len(picture.faces)}")
    if picture.faces:
        footer.append("✅ right · ❌ wrong")
    if footer:
        card.set_footer(text=" · ".join(footer))
    return card


def bar(probability: float) -> str:
    """Return a bar and its figure for a probability of 0 to 1: `▰▰▰▰▰▰▱▱ 75 %`."""
    filled = max(0, min(_CELLS, round(probability * _CELLS)))
    return f"{'▰' * filled}{'▱' * (_CELLS - filled)} {percent(probability)}"


def any_face(pictures: Sequence[AnsweredPicture]) -> bool:
    """Return whether any picture has a face."""
    return any(picture.faces for picture in pictures)


def most_guesses(pictures: Sequence[AnsweredPicture], page: int) -> int:
    """Return how many guesses a face of a page has, at most."""
    shown = pages(pictures)[page]
    faces = pictures[shown.picture].faces[shown.start : shown.stop]
    return max((len(face.guesses) for face in faces), default=0)


def _block(number: int, face: AnsweredFace, hidden: bool, guesses: int) -> str:
    best, rest = face.best, face.guesses[1:guesses]
    if best is None or face.tier is Tier.NOT_KNOWN:
        first = "I don't know who this is."
        small = [f"Closest: {_guess(best)}"] if best else []
    else:
        perhaps = "Probably " if face.tier is Tier.PROBABLY else ""
        first = f"{perhaps}**{plain(best.name)}** — {plain(best.series)}  {bar(best.probability)}"
        first += origin(best.by)
        small = []
    small += [f"{place}. {_guess(guess)}" for place, guess in enumerate(rest, 2)]
    lines = [f"`{number + 1}` {_hide(first, hidden)}"]
    lines += [f"-# {_hide(line, hidden)}" for line in small]
    return "\n".join(lines)


def _guess(guess: StoredGuess) -> str:
    return f"{plain(guess.name)} — {plain(guess.series)}, {percent(guess.probability)}"


def _hide(text: str, hidden: bool) -> str:
    return f"||{text}||" if hidden else text


def _fit(blocks: Sequence[str]) -> str:
    # Six faces with five long names each could pass the limit; whole lines go first, so that no
    # spoiler mark is cut in two.
    lines = [line for block in blocks for line in block.split("\n")]
    while len("\n".join(lines)) > _TEXT_LIMIT:
        small = [index for index, line in enumerate(lines) if line.startswith("-#")]
        lines.pop(small[-1] if small else -1)
    return "\n".join(lines)
