"""Discord is told about the commands when they changed, and until it has taken them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import client
from sandbox import Sandbox
from sandbox.state.errors import ApiError
from sandbox.testing.fault_injection import FaultInjection
from tests.bot.client.conftest import config_for, running

SYNC = "PUT /applications/*/commands"


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


async def test_an_older_process_leaves_what_a_newer_one_told_discord(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(config_for(sandbox, tmp_path)) as run:
        assert syncs(sandbox) == 1
        await run.bot.services.storage.state.set("commands", "those of a newer process")
        await run.bot.on_old_command("rename")
        asked = await sandbox.member("ann").post("general", "!who")
        await sandbox.answer_to(asked)
        assert syncs(sandbox) == 1
