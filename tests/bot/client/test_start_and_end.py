"""The start and the end of the real client: in order, and told by a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import load_config
from bot.connection import pointed_at
from bot.gallery import server_galleries
from bot.gallery.roster import Listed
from bot.storage import Storage
from bot.ui.errors import ErrorTree
from sandbox import Sandbox
from tests.bot.client.conftest import config_for, fake_worker, running


async def test_starts_with_every_cog_and_ends_in_order(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running(config_for(sandbox, tmp_path)) as run:
        assert run.bot.intents.message_content
        assert run.bot.extensions
        assert run.bot.services.worker.stages.model_version == "fake-1"
        assert run.bot.allowed_mentions is not None
        assert not run.bot.allowed_mentions.everyone
    assert run.bot.is_closed()
    assert not run.bot.extensions
    assert not sandbox.state.world.bot_online
    async with Storage.open(tmp_path / "moedex.db"):
        pass  # its lock was given back


async def test_the_names_are_listed_before_anybody_asks(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[Listed] = []

    def listing(*given: Any) -> Listed:
        listed.append(Listed(given[0].characters))
        return listed[-1]

    monkeypatch.setattr(server_galleries, "_listed", listing)
    async with running(config_for(sandbox, tmp_path)):
        assert len(listed) == 1
        asked = await sandbox.member("ann").post("general", "!who", files=[("one.png", b"1")])
        await sandbox.answer_to(asked)
        assert len(listed) == 1


async def test_ends_when_the_bot_is_closed(sandbox: Sandbox, tmp_path: Path) -> None:
    async def on_ready(bot: MoedexBot) -> None:
        await bot.close()

    await asyncio.wait_for(
        run_bot(config_for(sandbox, tmp_path), on_ready=on_ready, make_worker=fake_worker), 60
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it(sandbox: Sandbox, tmp_path: Path, number: signal.Signals) -> None:
    async def on_ready(bot: MoedexBot) -> None:
        os.kill(os.getpid(), number)

    await asyncio.wait_for(
        run_bot(config_for(sandbox, tmp_path), on_ready=on_ready, make_worker=fake_worker), 60
    )
    assert not sandbox.state.world.bot_online


async def test_a_signal_in_mid_start_ends_it_quietly(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def sync(tree: ErrorTree) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    monkeypatch.setattr(ErrorTree, "sync", sync)
    await asyncio.wait_for(run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker), 30)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_a_failing_on_ready_ends_the_bot(sandbox: Sandbox, tmp_path: Path) -> None:
    async def on_ready(bot: MoedexBot) -> None:
        raise LookupError("no page")

    with pytest.raises(LookupError, match="no page"):
        await run_bot(config_for(sandbox, tmp_path), on_ready=on_ready, make_worker=fake_worker)


async def test_addresses_are_put_back(sandbox: Sandbox, tmp_path: Path) -> None:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    async with running(config_for(sandbox, tmp_path)):
        assert sandbox.api_url == Route.BASE
    assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)


def test_empty_addresses_change_nothing() -> None:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    with pointed_at(load_config().discord):
        assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)


async def test_without_message_content_it_starts_and_says_so_once(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fault_injection.grant_intents()
    async with running(config_for(sandbox, tmp_path)) as run:
        assert not run.bot.intents.message_content
        assert sandbox.state.world.bot_online
    told = [record for record in caplog.records if "Message Content Intent" in record.message]
    assert len(told) == 1
