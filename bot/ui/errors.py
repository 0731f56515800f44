"""The one place where a failed command is answered, typed or slash, button or modal.

Order: unknown command (silence), bad input, missing permission, cooldown, what the worker says,
and last the unexpected: logged with its traceback under a short reference that the answer names.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.inference import InferenceError
from bot.wording import in_seconds
from models.images.decoding import PictureError

if TYPE_CHECKING:
    from bot.client import MoedexBot

log = logging.getLogger(__name__)

Callback = TypeVar("Callback", bound=Callable[..., Coroutine[Any, Any, None]])

_WRAPPERS = (
    commands.CommandInvokeError,
    commands.HybridCommandError,
    app_commands.CommandInvokeError,
    app_commands.TransformerError,
)


class ErrorTree(app_commands.CommandTree["MoedexBot"]):
    """The tree of slash commands and menus, with the same answers as typed commands get."""

    async def on_error(
        self, interaction: discord.Interaction[MoedexBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer a failed slash command or menu."""
        await answer_interaction_error(interaction, error)


async def answer_command_error(
    context: commands.Context[MoedexBot], error: commands.CommandError
) -> None:
    """Answer a failed typed command, or a hybrid one called with a slash (ephemeral there)."""
    text = explain(error, _name(context.command))
    if text is None:
        return
    try:
        await context.send(text, ephemeral=True, reference=_reference(context))
    except discord.HTTPException as refused:
        log.info("An error could not be told in channel %s: %s", context.channel.id, refused)


async def answer_interaction_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answer a failed interaction, seen only by who caused it; for views and modals too."""
    text = explain(error, _name(interaction.command))
    if text is None:
        return
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except discord.HTTPException as refused:
        log.info("An error could not be told to user %s: %s", interaction.user.id, refused)


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
    if isinstance(error, (commands.CommandNotFound, app_commands.CommandNotFound)):
        return None
    text = _bad_input(error) or _not_allowed(error) or _too_often(error)
    if text is None and isinstance(error, (InferenceError, PictureError, UserError)):
        text = str(error)
    if text is not None:
        return text
    reference = log_unexpected(where, error)
    return (
        "Something went wrong on my side; I've noted it. If it happens again, please tell whoever "
        f"runs me the reference `{reference}`."
    )


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


def _bad_input(error: BaseException) -> str | None:
    match error:
        case commands.MissingRequiredArgument() | commands.MissingRequiredAttachment():
            return f"Something is missing: `{error.param.name}`. `/help` shows how it goes."
        case commands.TooManyArguments():
            return "That is more than I understand. `/help` shows how it goes."
        case commands.MemberNotFound() | commands.UserNotFound():
            return "I don't know that person here."
        case commands.ChannelNotFound() | commands.ThreadNotFound():
            return "I can't find that channel."
        case commands.MessageNotFound():
            return "I can't find that message."
        case commands.RoleNotFound():
            return "I can't find that role."
        case commands.UserInputError() | app_commands.TransformerError():
            return "I don't understand that value. `/help` shows how it goes."
    return None


def _not_allowed(error: BaseException) -> str | None:
    match error:
        case commands.NoPrivateMessage() | app_commands.NoPrivateMessage():
            return "That only works in a server."
        case commands.PrivateMessageOnly():
            return "That only works in a direct message."
        case commands.NSFWChannelRequired():
            return "That only works in an age-restricted channel."
        case commands.MissingPermissions() | app_commands.MissingPermissions():
            return f"You need the permission {_permissions(error)} for that."
        case commands.BotMissingPermissions() | app_commands.BotMissingPermissions():
            return (
                f"I lack the permission {_permissions(error)} here. "
                "A moderator can give it to me in the channel's settings."
            )
        case (
            commands.MissingRole()
            | commands.MissingAnyRole()
            | app_commands.MissingRole()
            | app_commands.MissingAnyRole()
        ):
            return "You need a role for that which you don't have."
        case commands.NotOwner():
            return "Only whoever runs me can do that."
        case commands.CheckFailure() | app_commands.CheckFailure() if not isinstance(
            error, app_commands.CommandOnCooldown
        ):
            return str(error) or "You can't do that here."
    return None


def _too_often(error: BaseException) -> str | None:
    match error:
        case commands.CommandOnCooldown() | app_commands.CommandOnCooldown():
            return f"That was a little fast: please try again in {in_seconds(error.retry_after)}."
        case commands.MaxConcurrencyReached():
            return "I'm still at the last one. Please wait until it is done."
    return None


def _permissions(error: Any) -> str:
    names = [
        str(name).replace("_", " ").replace("guild", "server").title()
        for name in error.missing_permissions
    ]
    return " and ".join(f"**{name}**" for name in names)


def _name(command: Any) -> str:
    return f"the command {command.qualified_name}" if command is not None else "a component"


def _reference(context: commands.Context[Any]) -> Any:
    if context.interaction is not None:
        return None
    return context.message.to_reference(fail_if_not_exists=False)
