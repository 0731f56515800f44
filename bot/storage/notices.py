"""What other processes change in a PostgreSQL database: they notify, this listens.

While it can't listen, nothing is kept in memory: everything is asked anew.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.backoff import waits
from bot.errors import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from bot.storage.memory import Memory

log = logging.getLogger(__name__)

_FAILURES = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
CHANNEL: Final = "moedex"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0
_LOOK_S, _ANSWER_S = 30.0, 10.0
"""Seconds after which a silent connection is tried, and within which it must answer."""


class Notices:
    """Keeps a connection that listens. `engine` gives each time a connection of its own."""

    def __init__(self, engine: AsyncEngine, memory: Memory) -> None:
        self._engine = engine
        self._memory = memory
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen; returns when it does, or could not at first."""
        begun = asyncio.Event()
        self._task = asyncio.create_task(self._run(begun), name="notices")
        await begun.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, begun: asyncio.Event) -> None:
        while True:
            for wait in waits(_FIRST_WAIT_S, _LONGEST_WAIT_S):
                try:
                    await self._listen(begun)
                except (
                    OSError,
                    SQLAlchemyError,
                    asyncpg.PostgresError,
                    asyncpg.InterfaceError,
                ) as e:
                    log.warning("Changes by other processes are not heard of: %s", in_one_line(e))
                finally:
                    heard, self._memory.keeps = self._memory.keeps, False
                    begun.set()
                await asyncio.sleep(wait)
                if heard:
                    break

    async def _listen(self, begun: asyncio.Event) -> None:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            gone = asyncio.Event()
            driver.add_termination_listener(lambda _: gone.set())
            await driver.add_listener(CHANNEL, self._hear)
            self._memory.keeps = True
            begun.set()
            while not gone.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await gone.wait()
                if not gone.is_set():
                    await driver.fetchval("SELECT 1", timeout=_ANSWER_S)

    def _hear(self, _connection: object, _process: int, _channel: str, key: object) -> None:
        self._memory.forget([str(key)])


async def announce(session: AsyncSession, keys: Iterable[str]) -> None:
    """Tell all processes, this one too, what changes when the transaction is committed."""
    for key in sorted(keys):
        await session.execute(select(func.pg_notify(CHANNEL, key)))
