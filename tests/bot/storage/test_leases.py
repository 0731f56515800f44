"""What one process at a time may do: taken once, given back, and ended by itself after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bot.storage import Storage
from bot.storage.leases import LeaseRepository

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def leases(storage_url: str) -> AsyncIterator[LeaseRepository]:
    """Return the leases of an empty storage."""
    async with Storage.open(storage_url) as storage:
        yield storage.leases


async def test_one_of_many_takes_a_lease(leases: LeaseRepository) -> None:
    taken = await asyncio.gather(*(leases.take("a", str(n), MINUTE) for n in range(5)))
    assert [each for each in taken if each is None] == [None]
    for held in filter(None, taken):
        assert 0 < held.seconds <= 60
        assert not held.done
    assert await leases.take("b", "other", MINUTE) is None


async def test_another_process_is_kept_out(leases: LeaseRepository, storage_url: str) -> None:
    async with Storage.open(storage_url, exclusive=False) as beside:
        assert await leases.take("a", "one", MINUTE) is None
        assert await beside.leases.take("a", "two", MINUTE) is not None
        await leases.release("a", "one")
        assert await beside.leases.take("a", "two", MINUTE) is None


async def test_the_holder_prolongs_and_nobody_else_ends(leases: LeaseRepository) -> None:
    await leases.take("a", "one", MINUTE)
    await leases.release("a", "two")
    await leases.finish("a", "two", MINUTE)
    assert await leases.take("a", "one", 5 * MINUTE) is None
    held = await leases.take("a", "two", MINUTE)
    assert held is not None
    assert held.seconds > 240
    await leases.release("a", "one", timedelta(seconds=5))
    held = await leases.take("a", "two", MINUTE)
    assert held is not None
    assert held.seconds <= 5


async def test_what_is_done_is_done_for_its_holder_too(leases: LeaseRepository) -> None:
    await leases.take("a", "one", MINUTE)
    await leases.finish("a", "one", MINUTE)
    for holder in ("one", "two"):
        held = await leases.take("a", holder, MINUTE)
        assert held is not None
        assert held.done


async def test_time_ends_a_lease_and_a_clock_that_was_set_back_does_not_keep_it(
    leases: LeaseRepository,
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        assert await leases.take("a", "crashed", MINUTE) is None
        clock.shift(timedelta(seconds=59))
        assert await leases.take("a", "next", MINUTE) is not None
        clock.shift(timedelta(seconds=1))
        assert await leases.take("a", "next", MINUTE) is None
        clock.shift(timedelta(hours=-1))
        assert await leases.take("a", "third", MINUTE) is None
