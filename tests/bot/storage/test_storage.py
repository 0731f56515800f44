"""The storage on real SQLite files: settings, answers, votes, the lock, migrations."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage import (
    Answer,
    AnsweredPicture,
    ServerSettings,
    Storage,
    StorageClosedError,
    StorageError,
    StorageInUseError,
    VoteKind,
)
from bot.storage.location import hold
from bot.storage.records import AnsweredFace, StoredGuess
from bot.storage.tables import Base
from models.types import Box, Tier

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FACE = AnsweredFace(
    box=Box(0.1, 0.2, 0.3, 0.4), guesses=(StoredGuess("rin", "Rin", "Fate", 0.9),), tier=Tier.NAMED
)
ANSWER = Answer(
    reply_id=10,
    source_message_id=11,
    channel_id=20,
    server_id=30,
    pictures=(
        AnsweredPicture("a.png", (FACE, FACE)),
        AnsweredPicture("b.png", (FACE,)),
    ),
    model_version="v1",
    at=NOW,
    prompt_id=13,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "moedex.db"


@pytest.fixture
async def storage(storage_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(storage_url) as storage:
        yield storage


async def test_settings_have_defaults_and_last(storage: Storage, storage_url: str) -> None:
    assert await storage.settings.get(1) == ServerSettings(1)
    changed = await storage.settings.update(1, named=0.5, ephemeral=False)
    assert changed == ServerSettings(1, named=0.5, ephemeral=False)
    await storage.settings.update(1, guesses=3)
    async with Storage.open(storage_url, exclusive=False) as again:
        expected = ServerSettings(1, named=0.5, ephemeral=False, guesses=3)
        assert await again.settings.get(1) == expected == await storage.settings.get(1)
        assert await again.settings.get(2) == ServerSettings(2)


async def test_an_unknown_setting_is_refused(storage: Storage) -> None:
    with pytest.raises(TypeError):
        await storage.settings.update(1, colour="pink")


async def test_channels_are_watched_and_unwatched(storage: Storage) -> None:
    await storage.settings.watch(1, 100, 7)
    await storage.settings.watch(1, 101, 7)
    await storage.settings.watch(1, 100, 8)
    await storage.settings.watch(2, 200, 9)
    assert await storage.settings.watched(1) == {100: 8, 101: 7}
    assert await storage.settings.unwatch(1, 100)
    assert not await storage.settings.unwatch(1, 100)
    assert await storage.settings.watched(1) == {101: 7}


async def test_a_server_is_erased(storage: Storage) -> None:
    await storage.settings.update(1, guesses=2)
    await storage.settings.watch(1, 100, 7)
    await storage.settings.watch(2, 200, 7)
    await storage.settings.erase_server(1)
    assert await storage.settings.get(1) == ServerSettings(1)
    assert await storage.settings.watched(1) == {}
    assert await storage.settings.watched(2) == {200: 7}


async def test_answers_come_back_as_they_were(storage: Storage) -> None:
    dm = replace(ANSWER, reply_id=12, server_id=None, at=NOW + timedelta(minutes=1))
    await storage.answers.add(dm)
    await storage.answers.add(ANSWER)
    assert await storage.answers.by_reply(10) == ANSWER
    assert await storage.answers.by_reply(99) is None
    assert await storage.answers.by_source(11) == [ANSWER, dm]
    assert await storage.answers.by_messages([1, 11]) == [ANSWER, dm]
    assert await storage.answers.by_messages([13, 14]) == [ANSWER, dm]
    assert [place.reply_id for place in await storage.answers.places()] == [ANSWER.reply_id]
    assert len(ANSWER.faces) == 3


async def test_closing_waits_for_those_who_read_and_lets_nobody_in(storage_url: str) -> None:
    done: list[str] = []
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read(storage: Storage) -> None:
        async with storage.database.read() as session:
            await session.execute(text("SELECT 1"))
            reading.set()
            await go_on.wait()
            done.append("read")

    async def close(storage: Storage) -> None:
        try:
            with pytest.raises(StorageClosedError, match="closed"):
                await storage.answers.by_reply(1)  # runs once the closing has begun
        finally:
            go_on.set()

    async with Storage.open(storage_url) as storage:
        tasks = [asyncio.create_task(read(storage))]
        await reading.wait()
        tasks.append(asyncio.create_task(close(storage)))
    assert done == ["read"]
    await asyncio.gather(*tasks)


async def test_moments_need_a_zone(storage: Storage) -> None:
    with pytest.raises(Exception, match="time zone"):
        await storage.answers.add(replace(ANSWER, at=datetime(2026, 1, 1)))


async def test_answers_are_erased_with_their_votes(storage: Storage) -> None:
    erase = storage.answers
    for reply, call in (
        (2, lambda: erase.delete_by_reply(2)),
        (3, lambda: erase.delete_channel(20)),
        (4, lambda: erase.delete_server(30)),
        (5, lambda: erase.delete_before(NOW + timedelta(days=1), NOW)),
        (6, lambda: erase.delete_before(NOW, NOW + timedelta(days=1))),
    ):
        await erase.add(replace(ANSWER, reply_id=reply))
        assert await storage.votes.add(reply, None, 5, "yes", NOW)
        assert await call() == 1
        assert await erase.by_reply(reply) is None
        assert await storage.votes.for_answer(reply) == []


async def test_what_was_erased_is_gone_from_the_file(file: Path) -> None:
    secret = "someone-s-private-file-name"
    picture = AnsweredPicture(secret, ())
    async with Storage.open(file) as storage:
        await storage.answers.add(replace(ANSWER, pictures=(picture,)))
        await storage.answers.delete_by_reply(10)
    # The last connection to close folds the log into the file, and deletes it.
    everything = b"".join(path.read_bytes() for path in kept(file))
    assert secret.encode() not in everything
    assert not [path.name for path in kept(file) if "wal" in path.name]


def kept(file: Path) -> list[Path]:
    return list(file.parent.iterdir())


async def kinds(storage: Storage, face: int | None = None) -> dict[int, VoteKind]:
    votes = await storage.votes.for_answer(10)
    return {vote.user_id: vote.kind for vote in votes if vote.face_index == face}


async def test_a_vote_counts_once(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    assert await storage.votes.add(10, None, 5, "yes", NOW)
    assert not await storage.votes.add(10, None, 5, "yes", NOW)
    assert await storage.votes.add(10, 1, 5, "no", NOW)
    assert await storage.votes.add(10, None, 6, "yes", NOW)
    assert await storage.votes.counts(10) == Counter(yes=2)
    assert await storage.votes.counts(10, 1) == Counter(no=1)


async def test_the_last_vote_not_taken_back_stands(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    await storage.votes.add(10, None, 5, "yes", NOW)
    await storage.votes.add(10, None, 5, "no", NOW)
    assert await kinds(storage) == {5: "no"}
    assert await storage.votes.withdraw(10, None, 5, "no", NOW)
    assert await kinds(storage) == {5: "yes"}
    assert not await storage.votes.withdraw(10, None, 5, "no", NOW)
    assert await storage.votes.withdraw(10, None, 5, "yes", NOW)
    assert await kinds(storage) == {}
    assert await storage.votes.add(10, None, 5, "yes", NOW)
    assert await kinds(storage) == {5: "yes"}


async def test_a_name_can_be_corrected(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    assert await storage.votes.add(10, 0, 5, "is", NOW, character_id="marin")
    assert await storage.votes.add(10, 0, 5, "is", NOW, character_id="rem")
    assert not await storage.votes.add(10, 0, 5, "is", NOW, character_id="rem")
    assert [vote.character_id for vote in await storage.votes.for_answer(10)] == ["rem"]


async def test_a_vote_needs_its_answer(storage: Storage) -> None:
    assert not await storage.votes.add(99, None, 5, "yes", NOW)


async def test_fifty_members_vote_at_once(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    events = [
        storage.votes.add(10, None, user, kind, NOW)
        for user in range(50)
        for kind in ("yes", "yes")
    ]
    assert sum(await asyncio.gather(*events)) == 50
    assert await storage.votes.counts(10) == Counter(yes=50)


async def test_two_processes_race_for_one_vote(storage: Storage, storage_url: str) -> None:
    await storage.answers.add(ANSWER)
    async with Storage.open(storage_url, exclusive=False) as other:
        for user in range(20):
            added = await asyncio.gather(
                storage.votes.add(10, None, user, "yes", NOW),
                other.votes.add(10, None, user, "yes", NOW),
            )
            assert sorted(added) == [False, True]
    assert await storage.votes.counts(10) == Counter(yes=20)


async def test_votes_of_a_person_are_erased(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    await storage.votes.add(10, None, 5, "yes", NOW)
    await storage.votes.withdraw(10, None, 5, "yes", NOW)
    await storage.votes.add(10, None, 6, "yes", NOW)
    assert await storage.votes.erase_user(5) == 2
    assert await kinds(storage) == {6: "yes"}


async def test_other_faces_mean_other_votes(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    await storage.votes.add(10, 0, 5, "yes", NOW)
    await storage.answers.add(replace(ANSWER, model_version="v2"))
    assert await kinds(storage, 0) == {5: "yes"}
    await storage.answers.add(replace(ANSWER, pictures=ANSWER.pictures[:1]))
    assert await kinds(storage, 0) == {}


async def test_all_that_was_said_of_a_face_is_told_with_where(storage: Storage) -> None:
    await storage.answers.add(ANSWER)
    await storage.votes.add(10, 0, 5, "is", NOW, character_id="rem", source="site")
    await storage.votes.add(10, None, 6, "yes", NOW)
    await storage.votes.add(10, 1, 6, "no", NOW)
    await storage.votes.withdraw(10, 0, 5, "is", NOW, source="site")
    told = [(e.user_id, e.kind, e.withdrawn, e.source) for e in await storage.votes.events(10, 0)]
    assert told == [(5, "is", False, "site"), (6, "yes", False, "chat"), (5, "is", True, "site")]


async def test_state_and_warnings(storage: Storage) -> None:
    assert await storage.state.get("commands") is None
    await storage.state.set("commands", "a")
    await storage.state.set("commands", "b")
    assert await storage.state.get("commands") == "b"
    assert await storage.state.may_warn("channel:1", now=NOW)
    assert not await storage.state.may_warn("channel:1", now=NOW + timedelta(hours=23))
    assert await storage.state.may_warn("channel:2", now=NOW)
    assert await storage.state.may_warn("channel:1", now=NOW + timedelta(hours=24))
    await storage.state.forget_warnings(NOW + timedelta(days=9))
    assert await storage.state.may_warn("channel:1", now=NOW + timedelta(hours=25))
    assert await storage.state.get("commands") == "b"


async def test_a_failed_write_leaves_nothing(storage: Storage) -> None:
    unwritable = replace(ANSWER.pictures[0], faces=(replace(FACE, guesses=(object(),)),))
    with pytest.raises(Exception, match="dataclass"):
        await storage.answers.add(replace(ANSWER, pictures=(unwritable,)))
    assert await storage.answers.by_reply(10) is None
    await storage.answers.add(ANSWER)


async def test_a_second_process_is_refused(file: Path) -> None:
    async with Storage.open(file):
        with pytest.raises(StorageInUseError, match="in use by another"):
            async with Storage.open(file):
                pass


async def test_processes_that_share_a_file_and_one_that_does_not_keep_each_other_off(
    file: Path,
) -> None:
    async with Storage.open(file, shared=True), Storage.open(file, shared=True) as second:
        assert not second.alone
        with pytest.raises(StorageInUseError, match="with a slice of the shards: stop that one"):
            async with Storage.open(file):
                pass
    async with Storage.open(file) as only:
        assert only.alone
        with pytest.raises(StorageInUseError, match="a bot without a slice of the shards"):
            async with Storage.open(file, shared=True):
                pass


def hold_and_die(file: Path) -> None:
    hold(file)
    os._exit(9)  # no clean-up of any kind


async def test_the_lock_of_a_dead_process_does_not_block(file: Path) -> None:
    file.parent.mkdir()
    process = multiprocessing.get_context("spawn").Process(target=hold_and_die, args=(file,))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == 9
    assert file.with_name("moedex.db.lock").exists()
    async with Storage.open(file) as storage:
        assert await storage.state.get("x") is None


async def test_a_newer_schema_is_refused(file: Path) -> None:
    async with Storage.open(file):
        pass
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(StorageError, match="newer Moedex"):
        async with Storage.open(file):
            pass


@pytest.mark.parametrize("url", ["not a url", "nodatabase://x"])
async def test_a_wrong_url_is_one_line(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        async with Storage.open(url):
            pass
    assert "\n" not in str(caught.value)


@pytest.fixture
def no_database(tmp_path: Path) -> Path:
    file = tmp_path / "moedex.db"
    file.write_bytes(b"certainly not SQLite" * 100)
    return file


async def test_what_is_no_database_is_one_line(no_database: Path) -> None:
    with pytest.raises(StorageError, match="not a database"):
        async with Storage.open(no_database):
            pass


async def test_the_migrations_make_the_tables(file: Path) -> None:
    async with Storage.open(file):
        pass
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert differences == []


async def test_an_operation_is_never_cut_off(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits for it may be cancelled; a connection in mid-operation would be lost."""
    start = time.perf_counter()
    await storage.answers.by_messages(range(500))
    whole = time.perf_counter() - start
    for part in range(30):
        waiting = asyncio.create_task(storage.answers.by_messages(range(500)))
        await asyncio.sleep(whole * part / 30)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    waiting = asyncio.create_task(storage.answers.add(ANSWER))
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(30):
        while await storage.answers.by_reply(ANSWER.reply_id) is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_channel_is_switched_on_while_it_is_looked_up(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = storage.database.read

    @asynccontextmanager
    async def interrupted() -> AsyncIterator[AsyncSession]:
        async with read() as session:
            yield session
        await storage.settings.watch(1, 3, 5)

    with monkeypatch.context() as patched:
        patched.setattr(storage.database, "read", interrupted)
        assert await storage.settings.watched(1) == {}
    assert await storage.settings.watched(1) == {3: 5}
