"""Edits of an answer by whoever pressed something on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bot.errors import UserError
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui.answer_state import CardState
from bot.ui.context import services_of

if TYPE_CHECKING:
    import discord

    from bot.services import Services


async def show(interaction: discord.Interaction[Any], **state: Any) -> None:
    """Show the answer that a deferred interaction came from, with its state changed.

    `state` is by the names of `CardState`. Raises UserError where the answer is no longer kept.
    """
    services = services_of(interaction)
    message = cast("discord.Message", interaction.message)
    answer = await services.recognition.await_answer(message.id)
    if answer is None or not answer.pictures:
        raise UserError(NO_LONGER_KEPT)
    async with services.refresh.lock(message.id):
        changed = await services.presenter.edit(answer, message, **state)
        await interaction.edit_original_response(**changed)


async def show_vote(interaction: discord.Interaction[Any], reply_id: int) -> None:
    """Show a vote on the answer that a deferred interaction came from, once it is judged.

    An answer that everybody sees is edited in the background already (`AnswerRefresh`).
    """
    message = interaction.message
    if message is not None and message.id == reply_id and message.flags.ephemeral:
        await services_of(interaction).votes.judged()
        await show(interaction)


async def ask(services: Services, reply: discord.PartialMessage | discord.Message) -> None:
    """Turn an answer into a question, where it is none yet and is still kept."""
    answer = await services.recognition.await_answer(reply.id)
    if answer is None or not answer.faces:
        return
    async with services.refresh.lock(reply.id):
        message = await reply.fetch()
        if CardState.of(message).asked is None:
            await message.edit(**await services.presenter.edit(answer, message, asked=0))
