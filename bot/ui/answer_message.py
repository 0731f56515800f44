"""The message that answers a request: what went wrong in words, the faces, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord

from bot.recognition.replies import OutgoingMessage
from bot.ui.answer_embed import answer_embed, answer_view
from bot.ui.answer_faces import shown_faces
from bot.ui.answer_files import files_of, media_there, media_to_send
from bot.ui.answer_layout import answer_layout
from bot.ui.answer_state import CardState, pages, texts_above
from bot.ui.errors import explain
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.feedback.standings import Standing, Standings
    from bot.gallery.roster import ServerRoster
    from bot.inference import Drawing
    from bot.recognition.member_names import MemberNames
    from bot.recognition.pipeline import PictureResult
    from bot.recognition.request import RecognitionRequest
    from bot.storage import Answer, AnsweredPicture, ServerSettings
    from bot.storage.settings import SettingsRepository

NO_FACE = "I found no drawn face in {name}. I need it turned to the viewer, and not too small."
LATE = "-# Asked {when}, while I was away."
"""What is said first of what was asked meanwhile."""
TOO_MANY = "Of {count} pictures I looked at the first {limit}."
MORE_FACES = "And {count} more {faces}: I show the {limit} that I see best."

_CONTENT = 2000


class AnswerPresenter:
    """Words and draws answers. `roster` gives a server's characters."""

    def __init__(
        self,
        roster: Callable[[int], Awaitable[ServerRoster]],
        standings: Standings,
        names: MemberNames,
        settings: SettingsRepository,
    ) -> None:
        self._roster = roster
        self._standings = standings
        self._names = names
        self._settings = settings

    async def answer(
        self,
        request: RecognitionRequest,
        results: Sequence[PictureResult],
        pictures: Sequence[AnsweredPicture],
        standings: Sequence[Standing | None],
        drawing: Drawing,
        settings: ServerSettings,
        *,
        left_out: int,
        plain_form: bool,
    ) -> OutgoingMessage | None:
        """Return the message that answers a request; see `bot.recognition.presenting`."""
        lines = _lines(request, results, left_out)
        if request.late and request.prompt is not None and (lines or pictures):
            when = discord.utils.format_dt(request.prompt.created_at, "R")
            lines.insert(0, LATE.format(when=when))
        content = _fit(lines) or None
        if not pictures:
            return OutgoingMessage(content) if content else None
        server_id = request.server_id
        roster = await self._roster(server_id or 0)
        faces = await shown_faces(server_id, pictures, standings, roster, self._names)
        files, guesses = files_of(faces, drawing), settings.guesses
        media = media_to_send(files)
        if not plain_form:
            view = answer_layout(faces, CardState(), guesses=guesses, media=media, above=lines)
            return OutgoingMessage(files=files, view=view)
        state = CardState(votes=not request.reply.reactions)
        return OutgoingMessage(
            content,
            answer_embed(faces, state, guesses=guesses, media=media),
            files,
            answer_view(faces, state, guesses=guesses),
            reactions=request.reply.reactions,
        )

    async def edit(self, answer: Answer, message: discord.Message, **state: Any) -> dict[str, Any]:
        """Return what an edit takes to show an answer as it is; see `bot.recognition.presenting`.

        The message keeps its form, whatever the server set meanwhile.
        """
        server_id = answer.server_id
        guesses = (await self._settings.get(server_id or 0)).guesses
        roster = await self._roster(server_id or 0)
        standings = await self._standings.of(answer)
        faces = await shown_faces(server_id, answer.pictures, standings, roster, self._names)
        shown = replace(CardState.of(message), **state)
        shown = replace(shown, page=max(0, min(shown.page, pages(len(faces)) - 1)))
        media, reply_id = media_there(message), answer.reply_id
        if message.flags.components_v2:
            view = answer_layout(
                faces, shown, guesses=guesses, media=media, above=texts_above(message),
                reply_id=reply_id, roster=roster,
            )  # fmt: skip
            return {"view": view}
        return {
            "embed": answer_embed(faces, shown, guesses=guesses, media=media),
            "view": answer_view(faces, shown, guesses=guesses, reply_id=reply_id, roster=roster),
        }


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
    more = sum(each.found.more for each in results if each.found)
    if more:
        shown = sum(len(each.found.faces) for each in results if each.found)
        faces = "face" if more == 1 else "faces"
        lines.append(MORE_FACES.format(count=more, faces=faces, limit=shown))
    return list(dict.fromkeys(line for line in lines if line))


def _fit(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return text if len(text) <= _CONTENT else text[: _CONTENT - 1] + "…"
