"""What a person reads when something fails."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.inference import JobTimeout, QueueFull
from bot.ui.errors import explain
from models.images.decoding import PictureError

COOLDOWN = app_commands.Cooldown(1, 10)
SOMETHING = cast("Any", SimpleNamespace(name="image", displayed_name=None))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (commands.MissingRequiredArgument(SOMETHING), "`image`"),
        (commands.BadArgument("Converting to int failed"), "don't understand"),
        (commands.MissingPermissions(["manage_guild"]), "**Manage Server**"),
        (app_commands.MissingPermissions(["manage_guild"]), "**Manage Server**"),
        (commands.BotMissingPermissions(["embed_links", "attach_files"]), "and **Attach Files**"),
        (commands.NoPrivateMessage(), "in a server"),
        (commands.CommandOnCooldown(COOLDOWN, 3.2, commands.BucketType.user), "in 4 seconds"),
        (app_commands.CommandOnCooldown(COOLDOWN, 0.3), "in 1 second."),
        (QueueFull(), "busy"),
        (JobTimeout("a.png", 30), "a.png"),
        (PictureError("empty", "“a.png” is empty.", "a.png"), "“a.png” is empty."),
        (UserError("No picture there."), "No picture there."),
    ],
)
def test_foreseen_errors_are_told_and_not_logged(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrapped = commands.CommandInvokeError(error)
    for each in (error, wrapped, commands.HybridCommandError(cast("Any", wrapped))):
        text = explain(each, "a test")
        assert text is not None
        assert told in text
    assert not caplog.records


def refused(kind: type[discord.HTTPException], status: int, code: int = 0) -> Any:
    """Return what discord.py raises where Discord refuses something."""
    response = cast("Any", SimpleNamespace(status=status, reason="", headers={}))
    return kind(response, {"code": code, "message": "Refused"})


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refused(discord.Forbidden, 403, 50013), "I lack a permission"),
        (refused(discord.NotFound, 404, 10008), "That message is gone"),
        (refused(discord.NotFound, 404, 10003), "That channel is gone"),
        (refused(discord.NotFound, 404), "is gone"),
        (refused(discord.HTTPException, 429), "in a minute"),
        (refused(discord.DiscordServerError, 503), "in a minute"),
        (aiohttp.ServerDisconnectedError(), "in a minute"),
    ],
)
def test_what_discord_refuses_is_told_as_what_it_is_and_is_a_line_of_the_log(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    text = explain(commands.CommandInvokeError(error), "the command who")
    assert text is not None
    assert told in text
    (record,) = caplog.records
    assert record.levelno < logging.ERROR
    assert record.exc_info is None
    assert "the command who" in record.getMessage()
    assert type(error).__name__ in record.getMessage()


def test_what_was_sent_wrongly_is_unexpected(caplog: pytest.LogCaptureFixture) -> None:
    text = explain(refused(discord.HTTPException, 400, 50035), "the command who")
    assert text is not None
    assert "Something went wrong" in text
    assert caplog.records[0].levelno == logging.ERROR


def test_unknown_commands_are_met_with_silence() -> None:
    assert explain(commands.CommandNotFound("nope"), "a test") is None
    assert explain(app_commands.CommandNotFound("nope", []), "a test") is None


def test_a_check_s_own_words_are_told() -> None:
    assert explain(commands.CheckFailure("Not on Mondays."), "a test") == "Not on Mondays."
    assert explain(app_commands.CheckFailure(), "a test") == "You can't do that here."


def test_the_unexpected_is_logged_under_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise RuntimeError("an inner detail")
    except RuntimeError as error:
        text = explain(error, "the command who")
    assert text is not None
    assert "an inner detail" not in text
    reference = text.split("`")[1]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert reference in record.getMessage()
    assert "the command who" in record.getMessage()
    assert "an inner detail" in caplog.text
