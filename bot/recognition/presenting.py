"""What the user interface does for answers: words and draws them, and draws them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord

    from bot.feedback.standings import Standing
    from bot.inference import Drawing
    from bot.recognition.pipeline import PictureResult
    from bot.recognition.replies import OutgoingMessage
    from bot.recognition.request import RecognitionRequest
    from bot.storage import Answer, AnsweredPicture, ServerSettings


class Presenter(Protocol):
    """Words and draws an answer; the user interface has the one there is."""

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
        """Return the message that answers a request; None where there is nothing to say.

        `pictures` are those with faces, as they are stored, of the results that have some, and
        `standings` what is said of each of their faces already. `left_out` pictures were not looked
        at. `plain_form` is an embed instead of components v2.
        """
        ...

    async def edit(self, answer: Answer, message: discord.Message, **state: Any) -> dict[str, Any]:
        """Return what an edit of an answer's message takes to show it as it is now.

        `state` changes what is shown of it, by the names of `bot.ui.answer_state.CardState`.
        """
        ...
