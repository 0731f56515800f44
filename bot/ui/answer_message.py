"""The message that answers a request: words for what went wrong, a card, its file and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.recognition.replies import OutgoingMessage
from bot.recognition.sources import is_spoiler
from bot.ui import answer_text
from bot.ui.answer_view import CardState, card_view
from bot.ui.errors import explain
from bot.wording import plain

if TYPE_CHECKING:
    from bot.inference import IdentifiedPicture
    from bot.recognition.pipeline import PictureResult
    from bot.recognition.request import RecognitionRequest
    from bot.storage import AnsweredPicture

NO_FACE = "I found no drawn face in {name}. I need it turned to the viewer, and not too small."
LATE = "-# Asked {when}, while I was away."
"""What is said first of what was asked meanwhile."""
TOO_MANY = "Of {count} pictures I looked at the first {limit}."

_ALT_TEXT = 1024
_CONTENT = 2000


class AnswerPresenter:
    """Words and draws answers."""

    def answer(
        self,
        request: RecognitionRequest,
        results: Sequence[PictureResult],
        pictures: Sequence[AnsweredPicture],
        *,
        left_out: int,
        guesses: int,
    ) -> OutgoingMessage | None:
        """Return the message that answers a request; see `bot.recognition.delivery.Presenter`."""
        lines = _lines(request, results, left_out)
        content = _fit(lines) or None
        if request.late and request.prompt is not None and (content or pictures):
            when = discord.utils.format_dt(request.prompt.created_at, "R")
            content = _fit([LATE.format(when=when), *lines])
        if not pictures:
            return OutgoingMessage(content) if content else None
        state = CardState(votes=not request.reply.reactions)
        faces = [each for each in results if each.found and each.found.faces]
        return OutgoingMessage(
            content,
            answer_text.embed(pictures, 0, opened=False, guesses=guesses),
            [
                _file(number, each.source.name, each.found)
                for number, each in enumerate(faces, 1)
                if each.found and each.found.card
            ],
            card_view(pictures, state, guesses=guesses),
        )


def _lines(
    request: RecognitionRequest, results: Sequence[PictureResult], left_out: int
) -> list[str]:
    lines = [
        discord.utils.escape_markdown(explain(each.error, "a picture") or "")
        for each in results
        if each.error
    ]
    if request.tells_no_face:
        lines += [
            NO_FACE.format(name=plain(each.source.title))
            for each in results
            if each.found and not each.found.faces
        ]
    if left_out:
        lines.append(TOO_MANY.format(count=len(results) + left_out, limit=len(results)))
    return list(dict.fromkeys(line for line in lines if line))


def _file(number: int, name: str, found: IdentifiedPicture) -> discord.File:
    hidden = is_spoiler(name)
    alt = found.alt_text
    if hidden:
        # Alt text is read out before the picture is uncovered.
        faces = f"{len(found.faces)} {'face' if len(found.faces) == 1 else 'faces'}"
        alt = f"Hidden picture with {faces}; the names are hidden in the text below it."
    return discord.File(
        BytesIO(found.card or b""),
        filename=f"{number}-{found.card_name}",
        spoiler=hidden,
        description=alt[:_ALT_TEXT],
    )


def _fit(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return text if len(text) <= _CONTENT else text[: _CONTENT - 1] + "…"
