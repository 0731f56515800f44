"""Typed commands and prefixes through the real client, and what of them is logged."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import discord
import pytest
from discord.ext import commands

from bot.client import MoedexBot
from sandbox import Sandbox
from tests.bot.client.conftest import config_for, running


async def test_errors_of_typed_commands_are_answered(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @commands.command()
    async def burst(context: commands.Context[MoedexBot]) -> None:
        raise RuntimeError("inner secret detail")

    @commands.command()
    @commands.has_guild_permissions(manage_guild=True)
    async def rule(context: commands.Context[MoedexBot], what: int) -> None:
        pass

    async with running(config_for(sandbox, tmp_path)) as run:
        for command in (burst, rule):
            run.bot.add_command(command)
        ann, ben = sandbox.member("ann"), sandbox.member("ben")

        answer = await sandbox.answer_to(await ann.post("general", "!burst"))
        reference = answer.content.split("`")[1]
        assert "inner secret detail" not in answer.content
        logged = [record for record in caplog.records if reference in record.getMessage()]
        assert logged
        assert logged[0].exc_info is not None

        answer = await sandbox.answer_to(await ann.post("general", "!rule"))
        assert "`what`" in answer.content
        answer = await sandbox.answer_to(await ann.post("general", "!rule many"))
        assert "don't understand" in answer.content
        answer = await sandbox.answer_to(await ben.post("general", "!rule 1"))
        assert "**Manage Server**" in answer.content

        unknown = await ann.post("general", "!no_such_command")
        last = await ann.post("general", "!rule")
        await sandbox.answer_to(last)
        assert sandbox.replies(unknown) == []


async def test_a_mention_is_a_prefix_too(sandbox: Sandbox, tmp_path: Path) -> None:
    @commands.command()
    async def echo(context: commands.Context[MoedexBot], *, text: str) -> None:
        await context.reply(text)

    async with running(config_for(sandbox, tmp_path, prefix="moe ")) as run:
        run.bot.add_command(echo)
        ann = sandbox.member("ann")
        for start in (f"<@{sandbox.bot.id}> ", "moe ", "moe  "):
            posted = await ann.post("general", f"{start}echo hi @everyone")
            answer = await sandbox.answer_to(posted)
            assert answer.content == "hi @everyone"
            assert not answer.mention_everyone
            assert not answer.pinged


async def test_no_token_reaches_the_log(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(config_for(sandbox, tmp_path)):
        pass
    from bot.logs import RedactingFormatter

    formatter = RedactingFormatter()
    text = "\n".join(formatter.format(record) for record in caplog.records)
    assert text
    assert sandbox.bot_token not in text


async def test_the_commands_fit_discord(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running(config_for(sandbox, tmp_path)) as run:
        payload = [command.to_dict(run.bot.tree) for command in run.bot.tree.get_commands()]
    assert json.dumps(payload)
    assert isinstance(run.bot.user, discord.ClientUser)
