"""A message is dealt with once, whichever of two processes claims it, and however that one ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.recognition import claims
from bot.recognition.claims import Claims
from bot.storage import Answer, Storage

ME = 7


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    """Return an empty storage."""
    async with Storage.open(tmp_path / "moedex.db") as storage:
        yield storage


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_ASKED_EVERY_S", 0.01)


def process(storage: Storage, *later: Any, closed: bool = False) -> Claims:
    """Return the claims of a process; `later` are the messages that follow in the channel."""
    client = Mock(spec=discord.Client, user=Mock(id=ME), _connection=Mock())
    client.is_closed.return_value = closed
    client.http = Mock(logs_from=AsyncMock(return_value=list(later)))
    return Claims(client, storage.answers, storage.leases)


def message(message_id: int = 5) -> Any:
    return Mock(spec=discord.Message, id=message_id, channel=Mock(id=3))


async def test_the_other_waits_and_does_nothing(storage: Storage) -> None:
    first, second = process(storage), process(storage)
    entered: list[bool] = []

    async def other() -> None:
        async with second.on(message()) as mine:
            entered.append(mine)

    async with first.on(message()) as mine:
        assert mine
        waiting = asyncio.create_task(other())
        async with second.on(message(6)) as another:
            assert another
        async with second.on(message(), "after an edit") as another:
            assert another
        assert entered == []
    await waiting
    assert entered == [False]


async def test_what_a_process_gives_up_at_its_end_is_taken_over(storage: Storage) -> None:
    ending, stays = process(storage, closed=True), process(storage)
    with pytest.raises(RuntimeError):
        async with ending.on(message()):
            raise RuntimeError("Session is closed")
    async with stays.on(message()) as mine:
        assert mine


async def test_the_end_of_a_process_waits_for_nobody_who_still_works(storage: Storage) -> None:
    ending, stays = process(storage), process(storage)
    async with ending.on(message()) as mine:
        assert mine
        ending._client.is_closed.return_value = True  # type: ignore[attr-defined]
        await ending.close()
        async with stays.on(message()) as taken_over:
            assert taken_over
    async with process(storage).on(message()) as again:
        assert not again


async def test_what_failed_is_not_tried_by_the_other(storage: Storage) -> None:
    with pytest.raises(ValueError, match="oh"):
        async with process(storage).on(message()):
            raise ValueError("oh")
    async with process(storage).on(message()) as mine:
        assert not mine


@pytest.mark.parametrize("answered", ["no", "kept", "sent"])
async def test_after_a_crash_the_other_answers_unless_that_was_done(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, answered: str
) -> None:
    if answered == "kept":
        await storage.answers.add(Answer(9, 5, 3, 2, (), "fake", datetime.now(UTC), None))
    reply = Mock(author=Mock(id=ME), reference=Mock(message_id=5))

    async def following(*_: object, **__: object) -> AsyncIterator[Any]:
        for each in [reply] if answered == "sent" else []:
            yield each

    monkeypatch.setattr(claims, "messages_after", following)
    await storage.leases.take("message:5:", "crashed", timedelta(seconds=1))
    async with process(storage).on(message()) as mine:
        assert mine == (answered == "no")


async def test_a_claim_is_renewed_as_long_as_it_takes(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LENGTH", timedelta(seconds=1.5))
    async with process(storage).on(message()):
        await asyncio.sleep(1.6)
        assert await storage.leases.take("message:5:", "other", claims.LENGTH) is not None


async def test_a_database_that_fails_costs_nobody_an_answer(storage: Storage) -> None:
    leases = Mock(take=AsyncMock(side_effect=OSError("locked")))
    client = Mock(spec=discord.Client)
    client.is_closed.return_value = False
    async with Claims(client, storage.answers, leases).on(message()) as mine:
        assert mine


async def test_alone_nothing_is_written(storage: Storage) -> None:
    async with Claims(Mock(spec=discord.Client), storage.answers, None).on(message()) as mine:
        assert mine
    assert await storage.leases.take("message:5:", "anybody", claims.LENGTH) is None
