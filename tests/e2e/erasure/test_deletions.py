"""What is deleted in Discord is gone here too, down to the bytes of the database and the crops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.e2e.conftest import eventually, watch

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from tests.e2e.conftest import Start
from tests.e2e.erasure.traces import TellingStages, learn_in, learned, version_of, votes_on


async def test_a_deleted_message_takes_everything_along(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    gone, stays = [await learned(sandbox, bot, tmp_path, name) for name in ("gone", "stays")]
    # Three versions: a rollback to either of those that knew the picture must be impossible.
    await version_of(bot, gone)
    kept = await version_of(bot, stays)
    await version_of(bot, gone, stays)
    await sandbox.member("ben").delete(gone.message)
    await eventually(gone.gone)
    assert stays.left
    assert await votes_on(bot, gone) == 0
    assert await votes_on(bot, stays) == 1
    versions = await bot.services.storage.versions.list(stays.face.server_id)
    assert [version.id for version in versions] == [kept.id]
    assert await bot.services.storage.versions.promote(stays.face.server_id, 1) is None
    assert await bot.services.storage.versions.to_refit() == {stays.face.server_id}


async def test_messages_deleted_in_bulk(sandbox: Sandbox, bot: MoedexBot, tmp_path: Path) -> None:
    pictures = [await learned(sandbox, bot, tmp_path, f"bulk {n}") for n in range(4)]
    stays = pictures.pop()
    await version_of(bot, *pictures)
    await sandbox.member("ann").delete(*(p.message for p in pictures))
    for picture in pictures:
        await eventually(picture.gone)
    assert await votes_on(bot, *pictures) == 0
    assert stays.left
    assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_a_deleted_channel_takes_its_threads_along(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    await watch(bot, "general")
    thread = await sandbox.member("ben").open_thread("fan-art", "sketches")
    await bot.services.storage.settings.watch(bot.guilds[0].id, thread.id, 1)
    posted = await learned(sandbox, bot, tmp_path, "posted")
    threaded = await learned(sandbox, bot, tmp_path, "threaded", thread)
    stays = await learned(sandbox, bot, tmp_path, "elsewhere", "general")
    await version_of(bot, posted, stays)
    sandbox.places.delete_channel("fan-art")
    await eventually(posted.gone)
    await eventually(threaded.gone)
    assert await votes_on(bot, posted, threaded) == 0
    assert stays.left
    assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_what_is_deleted_while_the_bot_is_away_is_found_at_the_start(
    sandbox: Sandbox, start: Start, stages: TellingStages, database: str, tmp_path: Path
) -> None:
    lost = sandbox.places.add_channel("to-be-lost")
    async with start(stages) as bot:
        for name in ("fan-art", "to-be-lost"):
            await watch(bot, name)
        await learn_in(bot, bot.guilds[0].id)
        old = await learned(sandbox, bot, tmp_path, "old")
        single = await learned(sandbox, bot, tmp_path, "single")
        bulk = [await learned(sandbox, bot, tmp_path, f"bulk {n}") for n in range(2)]
        channel = await learned(sandbox, bot, tmp_path, "channel", lost)
        stays = await learned(sandbox, bot, tmp_path, "stays")
        await version_of(bot, stays, single)
        # Answers of long ago are looked at too, though their reactions no longer are.
        answer = await bot.services.storage.answers.by_reply(old.reply.id)
        assert answer is not None
        await bot.services.storage.answers.add(replace(answer, at=datetime(2020, 1, 1, tzinfo=UTC)))
    gone = [old, single, *bulk, channel]
    assert all(picture.left for picture in gone)
    await sandbox.member("ben").delete(single.message)
    await sandbox.member("ben").delete(old.message)
    await sandbox.member("ann").delete(*(picture.message for picture in bulk))
    sandbox.places.delete_channel(lost)
    async with start(stages, storage={"url": database, "answers_days": 9999}) as bot:
        for picture in gone:
            await eventually(picture.gone)
        assert await votes_on(bot, *gone) == 0
        assert stays.left
        assert await votes_on(bot, stays) == 1
        assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_a_history_that_may_not_be_read_deletes_nothing(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        await learn_in(bot, bot.guilds[0].id)
        stays = await learned(sandbox, bot, tmp_path, "stays")
    sandbox.fault_injection.refuse("read_message_history", channel="fan-art")
    async with start(stages) as bot:
        cog = bot.get_cog("Reconcile")
        await cog.reconciliation.reconcile(0)  # type: ignore[union-attr]
        assert stays.left
        assert await votes_on(bot, stays) == 1
