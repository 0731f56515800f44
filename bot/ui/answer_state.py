"""What an answer shows at the moment, as it is read back from its message.

The state stands in the `custom_id`s of what is under the answer, so that it outlives a restart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import discord

from bot.recognition.face_pictures import FACES_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Step = Literal["back", "next", "more", "less"]

CARD = re.compile(r"moedex:card:(?P<step>back|next|more|less):(?P<page>\d{1,4}):(?P<opened>[01])")
"""The `custom_id` of what turns a page, or opens further guesses."""
VOTE = re.compile(r"moedex:vote:(?P<kind>yes|no)")
"""The `custom_id` of a vote on a whole answer."""
_WHO = re.compile(r"moedex:who:\d+:(?P<face>\d+)")
_OURS = re.compile(r"moedex:(card|vote|who|yes|else):.*")


@dataclass(frozen=True, slots=True)
class CardState:
    """What an answer shows: the page, whether further guesses too, ✅ and ❌ as buttons or not.

    `asked` is the first face that a question on it is about; None where nothing is asked.
    """

    page: int = 0
    opened: bool = False
    votes: bool = False
    asked: int | None = None

    @classmethod
    def of(cls, message: discord.Message) -> Self:
        """Read the state back from an answer's message."""
        ids = list(custom_ids(message.components))
        card = next((m for i in ids if (m := CARD.fullmatch(i))), None)
        face = next((m for i in ids if (m := _WHO.fullmatch(i))), None)
        return cls(
            page=int(card["page"]) if card else 0,
            opened=card is not None and card["opened"] == "1",
            votes=any(VOTE.fullmatch(i) for i in ids),
            asked=int(face["face"]) if face else None,
        )


def page_of(count: int, page: int) -> range:
    """Return the places of the faces on a page, of `count` in all; one beyond is the last."""
    start = FACES_PER_PAGE * max(0, min(page, pages(count) - 1))
    return range(start, min(start + FACES_PER_PAGE, count))


def pages(count: int) -> int:
    """Return how many pages so many faces take."""
    return max(1, -(-count // FACES_PER_PAGE))


def is_answer(message: discord.Message) -> bool:
    """Return whether a message of the bot is an answer with faces, kept or not."""
    return any(_OURS.fullmatch(custom_id) for custom_id in custom_ids(message.components))


def custom_ids(components: Sequence[Any]) -> Iterator[str]:
    """Return the `custom_id`s of a message's components, nested ones too, in their order."""
    return (custom_id for item in walk(components) if (custom_id := _custom_id(item)))


def texts_above(message: discord.Message) -> list[str]:
    """Return the texts that stand above the faces of an answer with components v2."""
    return [item.content for item in message.components if isinstance(item, discord.TextDisplay)]


def walk(components: Iterable[Any]) -> Iterator[Any]:
    """Yield components and what is in them, outer ones first."""
    for item in components:
        yield item
        yield from walk(getattr(item, "children", ()))
        accessory = getattr(item, "accessory", None)
        if accessory is not None:
            yield accessory


def _custom_id(item: Any) -> str:
    return getattr(item, "custom_id", None) or ""
