"""The one place where a failed command is answered, typed or slash, button or modal.

What is said of each kind of error stands in `bot.ui.error_answers`. What has no answer there is
unexpected: it is logged with its traceback, under a short reference that the answer names.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import in_one_line
from bot.patience import ALREADY_ACKNOWLEDGED, REFUSED
from bot.recognition.saying import reply_text, say_by_dm
from bot.ui.error_answers import handler_of

log = logging.getLogger(__name__)

UNREADABLE = "That reached me in a form that I can't read. Please try it again."

Callback = TypeVar("Callback", bound=Callable[..., Coroutine[Any, Any, None]])

_WRAPPERS = (
    commands.CommandInvokeError,
    commands.HybridCommandError,
    app_commands.CommandInvokeError,
    app_commands.TransformerError,
)


class ErrorTree(app_commands.CommandTree[commands.AutoShardedBot]):
    """The tree of slash commands and menus, with the same answers as typed commands get."""

    async def on_error(
        self,
        interaction: discord.Interaction[commands.AutoShardedBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Answer a failed slash command or menu; Discord is told its form anew if that is why."""
        if isinstance(error, app_commands.CommandSignatureMismatch):
            self.client.dispatch("old_command", error.command.name)
        await answer_interaction_error(interaction, error)

    async def _call(self, interaction: discord.Interaction[commands.AutoShardedBot]) -> None:
        """Run a command; discord.py would leave one that it can't read to nobody."""
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise
        except Exception as error:  # whatever the library stumbled over
            if not self.client.is_closed():
                log.warning("A command could not be read (%s)", in_one_line(error))
                await _tell(interaction, UNREADABLE)


async def answer_command_error(
    context: commands.Context[Any], error: commands.CommandError
) -> None:
    """Answer a failed typed command, or a hybrid one called with a slash (ephemeral there)."""
    text = explain(error, _name(context.command))
    if text is None:
        return
    if context.interaction is not None:
        await _tell(context.interaction, text)
    else:
        await reply_text(context.message, text)


async def answer_interaction_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answer a failed interaction, seen only by who caused it; for views and modals too.

    Where the bot is ending, that is why it failed, and nothing can be sent any more.
    """
    if interaction.client.is_closed():
        return
    if _is_acknowledged(error):
        log.debug("Interaction %s is another process's", interaction.id)
        return
    try:
        command = interaction.command
    except (LookupError, TypeError, AttributeError):  # what was sent names none
        command = None
    text = explain(error, _name(command))
    if text is not None:
        await _tell(interaction, text)


def _is_acknowledged(error: BaseException | None) -> bool:
    """Say whether a failure says that another process, in whose place this comes, has answered."""
    while error is not None:
        if isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED:
            return True
        error = getattr(error, "original", None)
    return False


async def _tell(interaction: discord.Interaction[Any], text: str) -> None:
    """Tell something to who caused an interaction, and to nobody else."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except Exception as refused:  # there is no other way back, whatever it is
        if interaction.client.is_closed():
            return
        user = interaction.user
        told = user is not discord.utils.MISSING and await say_by_dm(user, text)
        log.info(
            "Interaction %s got no words (%s); %s",
            interaction.id,
            in_one_line(refused),
            "a DM says so" if told else "nothing could be said",
        )


def answers_errors(callback: Callback) -> Callback:
    """Answer whatever a component's callback raises; discord.py would leave that unanswered."""

    @functools.wraps(callback)
    async def answered(owner: object, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(owner, interaction)
        except Exception as error:  # the person waits for an answer, whatever it was
            await answer_interaction_error(interaction, error)

    return cast("Callback", answered)


def explain(error: BaseException, where: str) -> str | None:
    """Return what to tell the person, None for nothing; log it if nobody expected it."""
    error = _unwrap(error)
    handler = handler_of(error)
    if handler is not None:
        if isinstance(error, REFUSED):
            log.info("Discord did not carry out %s (%s)", where, in_one_line(error))
        return handler(error)
    reference = log_unexpected(where, error)
    return (
        "Something went wrong on my side; I've noted it. If it happens again, please tell whoever "
        f"runs me the reference `{reference}`."
    )


def log_failure(where: str, error: BaseException) -> None:
    """Log what failed where nobody waits for an answer: a refusal of Discord's in one line."""
    if isinstance(error, REFUSED) and handler_of(error) is not None:
        log.warning("Discord did not carry out %s (%s)", where, in_one_line(error))
    else:
        log_unexpected(where, error)


def log_unexpected(where: str, error: BaseException | None = None) -> str:
    """Log an error (None: the one being handled) with its traceback; return its reference."""
    reference = secrets.token_hex(4)
    log.error("Unexpected error %s in %s", reference, where, exc_info=error or True)
    return reference


def _unwrap(error: BaseException) -> BaseException:
    while isinstance(error, _WRAPPERS):
        inner = getattr(error, "original", None) or error.__cause__
        if inner is None:
            return error
        error = inner
    return error


def _name(command: Any) -> str:
    return f"the command {command.qualified_name}" if command is not None else "a component"
