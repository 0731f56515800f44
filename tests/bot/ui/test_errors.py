"""What a person reads when something fails."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

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
