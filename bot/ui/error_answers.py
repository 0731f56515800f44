"""What is said of each kind of error: one small handler a kind, found by the error's class.

An error is answered by the handler of its own class, else by that of its nearest base class.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.inference import InferenceError
from bot.patience import REFUSED
from bot.wording import in_seconds
from models.images.decoding import PictureError

Handler = Callable[[Any], str | None]
"""Returns what to tell the person who caused an error; None for nothing."""

_HANDLERS: dict[type, Handler] = {}
_GONE = {
    10003: "That channel is gone, or I can't see it.",
    10008: "That message is gone.",
    10013: "I don't know that person.",
}
"""What Discord's codes of what it doesn't find mean."""


def handler_of(error: BaseException) -> Handler | None:
    """Return the handler of an error; None for one that nobody expected."""
    if isinstance(error, discord.HTTPException) and error.status == HTTPStatus.BAD_REQUEST:
        return None  # what was sent was wrong: a mistake of the bot's
    found = (_HANDLERS[kind] for kind in type(error).__mro__ if kind in _HANDLERS)
    return next(found, None)


def answers(*kinds: type[BaseException]) -> Callable[[Handler], Handler]:
    """Register a handler for kinds of errors."""

    def register(handler: Handler) -> Handler:
        _HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


@answers(UserError, InferenceError, PictureError)
def _own_words(error: Exception) -> str:
    return str(error)


@answers(*REFUSED)
def _not_carried_out(error: Exception) -> str:
    return "Discord doesn't take that from me right now. Please try again in a minute."


@answers(discord.Forbidden)
def _forbidden(error: discord.Forbidden) -> str:
    return (
        "Discord doesn't let me do that here: I lack a permission. A moderator can give it to me "
        "in the channel's settings."
    )


@answers(discord.NotFound)
def _gone(error: discord.NotFound) -> str:
    return _GONE.get(error.code, "What that is about is gone.")


@answers(app_commands.CommandSignatureMismatch)
def _older_form(error: app_commands.CommandSignatureMismatch) -> str:
    return (
        "Discord still has an older form of that command. I have sent it the new one: please try "
        "again in a minute, or restart your Discord."
    )


@answers(commands.CommandNotFound, app_commands.CommandNotFound)
def _unknown_command(error: Exception) -> None:
    """Say nothing: another bot may have the same prefix."""


@answers(commands.MissingRequiredArgument, commands.MissingRequiredAttachment)
def _missing_argument(
    error: commands.MissingRequiredArgument | commands.MissingRequiredAttachment,
) -> str:
    return f"Something is missing: `{error.param.name}`. `/help` shows how it goes."


@answers(commands.TooManyArguments)
def _too_many_arguments(error: Exception) -> str:
    return "That is more than I understand. `/help` shows how it goes."


@answers(commands.MemberNotFound, commands.UserNotFound)
def _no_such_person(error: Exception) -> str:
    return "I don't know that person here."


@answers(commands.ChannelNotFound, commands.ThreadNotFound)
def _no_such_channel(error: Exception) -> str:
    return "I can't find that channel."


@answers(commands.MessageNotFound)
def _no_such_message(error: Exception) -> str:
    return "I can't find that message."


@answers(commands.RoleNotFound)
def _no_such_role(error: Exception) -> str:
    return "I can't find that role."


@answers(commands.UserInputError, app_commands.TransformerError)
def _bad_value(error: Exception) -> str:
    return "I don't understand that value. `/help` shows how it goes."


@answers(commands.NoPrivateMessage, app_commands.NoPrivateMessage)
def _servers_only(error: Exception) -> str:
    return "That only works in a server."


@answers(commands.PrivateMessageOnly)
def _direct_messages_only(error: Exception) -> str:
    return "That only works in a direct message."


@answers(commands.NSFWChannelRequired)
def _age_restricted_only(error: Exception) -> str:
    return "That only works in an age-restricted channel."


@answers(commands.MissingPermissions, app_commands.MissingPermissions)
def _person_lacks_permissions(
    error: commands.MissingPermissions | app_commands.MissingPermissions,
) -> str:
    return f"You need the permission {_listed(error.missing_permissions)} for that."


@answers(commands.BotMissingPermissions, app_commands.BotMissingPermissions)
def _bot_lacks_permissions(
    error: commands.BotMissingPermissions | app_commands.BotMissingPermissions,
) -> str:
    return (
        f"I lack the permission {_listed(error.missing_permissions)} here. "
        "A moderator can give it to me in the channel's settings."
    )


@answers(
    commands.MissingRole,
    commands.MissingAnyRole,
    app_commands.MissingRole,
    app_commands.MissingAnyRole,
)
def _person_lacks_role(error: Exception) -> str:
    return "You need a role for that which you don't have."


@answers(commands.NotOwner)
def _owner_only(error: Exception) -> str:
    return "Only whoever runs me can do that."


@answers(commands.CheckFailure, app_commands.CheckFailure)
def _check_failed(error: Exception) -> str:
    return str(error) or "You can't do that here."


@answers(commands.CommandOnCooldown, app_commands.CommandOnCooldown)
def _too_often(error: commands.CommandOnCooldown | app_commands.CommandOnCooldown) -> str:
    return f"That was a little fast: please try again in {in_seconds(error.retry_after)}."


@answers(commands.MaxConcurrencyReached)
def _still_busy(error: Exception) -> str:
    return "I'm still at the last one. Please wait until it is done."


def _listed(permissions: list[str]) -> str:
    names = [name.replace("_", " ").replace("guild", "server").title() for name in permissions]
    return " and ".join(f"**{name}**" for name in names)
