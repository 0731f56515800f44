"""A PostgreSQL that goes away in the middle: what was to be written is written once it is back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage import Storage
from tests.bot.storage.test_storage import ANSWER, NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.databases import PostgresServer


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(postgres_url) as storage:
        yield storage


async def test_an_answer_waits_for_the_server_and_is_kept(
    storage: Storage, postgres_server: PostgresServer
) -> None:
    await storage.answers.add(replace(ANSWER, reply_id=1))
    postgres_server.stop()
    try:
        writing = asyncio.create_task(storage.answers.add(ANSWER))
        reading = asyncio.create_task(storage.answers.by_reply(1))
        done, _ = await asyncio.wait({writing, reading}, timeout=0.5)
        assert not done
    finally:
        postgres_server.start()
    async with asyncio.timeout(30):
        await asyncio.gather(writing, reading)
    assert await storage.answers.by_reply(ANSWER.reply_id) == ANSWER


async def test_a_server_that_stays_away_is_not_waited_for_without_end(
    storage: Storage, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.database.PATIENCE_S", 0.3)
    postgres_server.stop()
    try:
        with pytest.raises((OSError, DBAPIError)):
            await storage.answers.add(ANSWER)
    finally:
        postgres_server.start()
    await storage.answers.add(ANSWER)


async def test_cut_connections_are_made_anew(
    storage: Storage, postgres_server: PostgresServer
) -> None:
    await storage.answers.add(ANSWER)
    for kind in ("yes", "no", "yes"):
        postgres_server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'moedex'"
        )
        assert await storage.votes.add(ANSWER.reply_id, None, 5, kind, NOW)


@pytest.mark.parametrize("done", [True, False])
async def test_what_was_lost_in_the_commit_is_there_once(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Whether the commit was done can't be told by the error: the server is asked."""
    commit, tries = AsyncSession.commit, 0

    async def lost(session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            await commit(session)
            return
        await (commit(session) if done else session.rollback())
        raise DBAPIError("COMMIT", None, ConnectionError("lost"), connection_invalidated=True)

    monkeypatch.setattr(AsyncSession, "commit", lost)
    await storage.consents.opt_in(1)  # writes nothing: nothing to ask
    tries = 0
    await storage.galleries.change(7, "rename", 5, "once", NOW)
    assert [each.summary for each in await storage.galleries.actions(7)] == ["once"]
    assert tries == (1 if done else 2)
