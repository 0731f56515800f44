"""The real client against the local Discord: start, the intents it gets, errors, and the end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.asset import Asset
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import client
from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import Config, load_config
from bot.connection import pointed_at
from bot.errors import StartupError
from bot.gallery import server_galleries
from bot.gallery.roster import Listed
from bot.inference import InferenceWorker
from bot.storage import Storage, StorageInUseError
from bot.ui.errors import ErrorTree
from sandbox import Sandbox
from sandbox.state.errors import ApiError
from sandbox.testing.fault_injection import FaultInjection
from tests.bot.fakes import FakeStages

SYNC = "PUT /applications/*/commands"


@dataclass
class Running:
    """A bot that runs, and what it needs to be asked about."""

    bot: MoedexBot
    task: asyncio.Task[None]
    stages: FakeStages = field(default_factory=FakeStages)


def config_for(sandbox: Sandbox, folder: Path, **discord_settings: object) -> Config:
    settings = {**sandbox.discord_section, **discord_settings}
    url = f"sqlite+aiosqlite:///{folder}/moedex.db"
    return load_config(discord=settings, storage={"url": url}, inference={"threads": 1})


def fake_worker(config: Config) -> InferenceWorker:
    return InferenceWorker(FakeStages, config.inference)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@asynccontextmanager
async def running(
    config: Config, make_worker: Callable[[Config], InferenceWorker] = fake_worker
) -> AsyncIterator[Running]:
    ready: asyncio.Future[MoedexBot] = asyncio.get_running_loop().create_future()

    async def on_ready(bot: MoedexBot) -> None:
        ready.set_result(bot)

    task = asyncio.create_task(run_bot(config, on_ready=on_ready, make_worker=make_worker))
    try:
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        if task.done():
            task.result()
        yield Running(await ready, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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


async def test_a_missing_token_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="MOEDEX_TOKEN") as caught:
        await run_bot(config_for(sandbox, tmp_path, token=""), make_worker=fake_worker)
    assert "\n" not in str(caught.value)


def loads_nothing(config: Config) -> InferenceWorker:
    """Make a worker whose models must not be loaded."""

    def load() -> FakeStages:
        pytest.fail("the models were loaded")

    return InferenceWorker(load, config.inference)


async def test_a_wrong_token_is_one_line_and_stays_secret(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_for(sandbox, tmp_path, token="wrong-secret-token")
    with pytest.raises(StartupError, match="refused the token") as caught:
        await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)
    assert "wrong-secret-token" not in str(caught.value) + caplog.text


async def test_an_unreachable_server_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_for(sandbox, tmp_path)
    await sandbox.close()
    with pytest.raises(StartupError, match="can't be reached") as caught:
        await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>", "text/html"),
        ("{}", "application/json"),
        ("[1]", "application/json"),
        ("{", "application/json"),
    ],
)
async def test_a_server_that_is_no_discord_is_one_line(
    sandbox: Sandbox, tmp_path: Path, body: str, kind: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body.encode(), headers={"Content-Type": kind})

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    async with TestServer(app) as server:
        config = config_for(sandbox, tmp_path, api=str(server.make_url("/api")))
        with pytest.raises(StartupError, match="does not answer as Discord does") as caught:
            await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)


async def test_models_that_do_not_load_are_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    def load() -> FakeStages:
        raise OSError("embedding.tflite is missing")

    def make_worker(config: Config) -> InferenceWorker:
        return InferenceWorker(load, config.inference)

    with pytest.raises(StartupError, match=r"embedding\.tflite is missing.*doctor"):
        await run_bot(config_for(sandbox, tmp_path), make_worker=make_worker)


async def test_a_second_bot_on_the_same_storage_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with Storage.open(tmp_path / "moedex.db"):
        with pytest.raises(StartupError, match="in use by another") as caught:
            await run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker)
    assert isinstance(caught.value.__cause__, StorageInUseError)


async def test_a_cog_that_fails_stops_the_start(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_cog.py").write_text("async def setup(bot):\n    raise KeyError('oh')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(client, "_cog_modules", lambda: ["broken_cog"])
    with pytest.raises(StartupError, match="broken_cog could not be loaded") as caught:
        await run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker)
    assert "\n" not in str(caught.value)


def syncs(sandbox: Sandbox) -> int:
    """Count how often commands were put up."""
    return sum(
        each.method == "PUT" and each.path.endswith("/commands") for each in sandbox.exchanges
    )


async def test_commands_are_synced_only_when_they_changed(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(sandbox, tmp_path)
    for expected in (1, 1):
        async with running(config):
            assert syncs(sandbox) == expected
    (tmp_path / "more_cog.py").write_text(
        "from discord import app_commands\n"
        "@app_commands.command()\n"
        "async def another(interaction):\n"
        "    'Another command.'\n"
        "async def setup(bot):\n"
        "    bot.tree.add_command(another)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(client, "_cog_modules", lambda: ["more_cog"])
    async with running(config):
        assert syncs(sandbox) == 2


@pytest.mark.parametrize(
    "refuse",
    [
        lambda faults: faults.fail(SYNC, 400, 50035, "Invalid Form Body", times=None),
        lambda faults: faults.rate_limit(SYNC, via=False, times=None),
        lambda faults: faults.cut(SYNC, times=None),
        lambda faults: faults.answer(SYNC, [{"name": "who", "description": "Who"}], times=None),
    ],
    ids=["400", "429", "cut", "without id"],
)
async def test_refused_commands_stop_nothing_and_are_tried_again(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refuse: Callable[[FaultInjection], object],
) -> None:
    again = asyncio.Event()

    async def until_told(_seconds: float) -> None:
        await again.wait()

    monkeypatch.setattr("bot.command_sync.sleep", until_told)
    monkeypatch.setattr("bot.patience.WAITS_S", ())
    refuse(sandbox.fault_injection)
    async with running(config_for(sandbox, tmp_path)):
        asked = await sandbox.member("ann").post("general", "!who")
        assert "no picture" in (await sandbox.answer_to(asked)).content
        with pytest.raises(ApiError):
            await sandbox.member("ann").slash("general", "who")
        sandbox.fault_injection.clear()
        again.set()
        await sandbox.wait_for("commands", after=0)
        await sandbox.member("ann").slash("general", "who")
    said = [each for each in caplog.records if "did not take" in each.getMessage()]
    assert len(said) == 1
    assert said[0].exc_info is None


async def test_a_command_that_discord_has_in_an_older_form_is_named_and_sent_anew(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(config_for(sandbox, tmp_path)):
        assert syncs(sandbox) == 1
        sandbox.fault_injection.damage_event(
            "INTERACTION_CREATE", lambda data: data["data"].update(options=[])
        )
        said = await sandbox.member("ann").slash(
            "general", "rename", {"character": "marin", "name": "Aoi"}
        )
        answer = await sandbox.answer(said)
        assert "an older form of that command" in answer.content
        await sandbox.wait_for("commands")
        assert syncs(sandbox) == 2
    assert "older form of the command rename" in caplog.text
    assert not [each for each in caplog.records if each.exc_info]


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
