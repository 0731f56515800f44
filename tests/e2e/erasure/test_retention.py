"""What is too old is erased after the configured days, down to the bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from models.vectors import pack_vector
from tests.e2e.conftest import PATIENCE_S, eventually, watch

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from tests.e2e.conftest import Start
from tests.e2e.erasure.traces import TellingStages, Traces, learn_in, learned, said, version_of


@pytest.mark.parametrize("away", [False, True])
async def test_leaving_a_server_erases_it_after_the_configured_days(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path, away: bool
) -> None:
    other = sandbox.places.add_server("Other", ("pictures",))
    channel = sandbox.channel("pictures", other)
    async with start(stages, learning={"leave_days": 30}) as bot:
        await watch(bot)
        for server in (other, sandbox.server):
            await learn_in(bot, server.id)
        await bot.services.storage.settings.watch(other.id, channel.id, 1)
        posted = await sandbox.member("ann", other).post(channel, files=[("left.png", b"1")])
        reply = await sandbox.answer_to(posted, PATIENCE_S)
        (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
        left = Traces(tmp_path, bot.services.config.storage.url, posted, reply, face)
        stays = await learned(sandbox, bot, tmp_path, "stays")
        await version_of(bot, left)
        await bot.services.storage.state.set(f"trained:{other.id}", datetime.now(UTC).isoformat())
        if not away:
            sandbox.places.remove_server(other)
            await eventually(lambda: bot.services.storage.state.get(f"left:{other.id}"))
    if away:
        sandbox.places.remove_server(other)
    async with start(stages, learning={"leave_days": 30}) as bot:
        await erase_old(bot)
        assert left.left, "the days are not over"
        assert await bot.services.storage.state.get(f"left:{other.id}")
    async with start(stages, learning={"leave_days": 0}) as bot:
        await erase_old(bot)
        assert not left.left
        assert stays.left
        assert other.id not in await bot.services.storage.servers.kept()
        assert await bot.services.storage.state.get(f"left:{other.id}") is None
        assert await bot.services.storage.state.get(f"trained:{other.id}") is None


async def test_forgotten_drawings_are_erased_after_the_configured_days(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path
) -> None:
    ann = sandbox.member("ann")
    async with start(stages, learning={"forget_days": 7}) as bot:
        taught = await ann.slash("general", "teach", {"name": "Aoi", "image1": ("aoi.png", b"1")})
        assert "or 7 days after somebody used `/forget`" in await said(taught)
        (drawing,) = await bot.services.storage.exemplars.in_use(bot.guilds[0].id)
        assert drawing.crop
        crop = bot.services.crops.folder / drawing.crop
        needles = (pack_vector(drawing.vector), crop.read_bytes())

        def left() -> list[str]:
            files = [file for file in tmp_path.rglob("*") if file.is_file()]
            return [f.name for f in files if any(needle in f.read_bytes() for needle in needles)]

        assert "Done: forgot Aoi." in await said(
            await ann.slash("general", "forget", {"character": "aoi"})
        )
        await erase_old(bot)
        assert crop.name in left(), "it can still be undone"
    async with start(stages, learning={"forget_days": 0}) as bot:
        await erase_old(bot)
        assert not left()


async def erase_old(bot: MoedexBot) -> None:
    """Do what is done every few hours."""
    cog = bot.get_cog("LearningCommands")
    await cog.erase_old()  # type: ignore[union-attr]
