"""What Discord must carry out with the bot's messages, done when Discord says so.

A deletion, or a card that becomes a question, is kept in the database before anything else is
erased, and tried until it is done: across restarts, with longer and longer pauses. What is gone
already is done.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import discord

from bot.backoff import waits
from bot.errors import in_one_line
from bot.patience import FAILED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage.outbox import OutboxRepository
    from bot.storage.records.outbox import OutboxEntry

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 6 * 3600.0
_AT_ONCE = 10
_LONGEST_EXPONENT = 20


class Outbox:
    """Carries out what is in the outbox, of all servers."""

    def __init__(self, client: discord.Client, entries: OutboxRepository) -> None:
        self._client = client
        self._entries = entries
        self._ask: Callable[[discord.Message], Awaitable[None]] | None = None
        self._news = asyncio.Event()
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def delete(self, server_id: int | None, channel_id: int, message_id: int) -> None:
        """Have a message of the bot's deleted; it is kept in mind when this returns."""
        await self._entries.add("delete", server_id, channel_id, message_id, datetime.now(UTC))

    async def ask(self, server_id: int | None, channel_id: int, message_id: int) -> None:
        """Have a card turned into a question; it is kept in mind when this returns."""
        await self._entries.add("ask", server_id, channel_id, message_id, datetime.now(UTC))

    def start(self, ask: Callable[[discord.Message], Awaitable[None]]) -> None:
        """Begin; `ask` turns a card into a question where that is still wanted."""
        self._ask = ask
        self._entries.on_news(self._news.set)
        self._running = asyncio.create_task(self._run(), name="outbox")

    async def close(self) -> None:
        """Stop; what is left is done after the next start."""
        tasks = [*self._in_hand.values(), *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._take_up()
                pause = await self._until_due()
            except Exception:  # a database that is locked or full now may not be so later
                log.exception("The outbox could not be read")
                pause = FIRST_WAIT_S
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _take_up(self) -> None:
        free = _AT_ONCE - len(self._in_hand)
        if free <= 0:  # whoever is finished says so
            return
        now = datetime.now(UTC)
        for entry in await self._entries.take(now, without=list(self._in_hand), limit=free):
            task = asyncio.create_task(self._carry_out(entry), name=f"outbox {entry.id}")
            self._in_hand[entry.id] = task

    async def _until_due(self) -> float | None:
        """Return the seconds until something is due; None while only news can change that."""
        due = await self._entries.next_due(without=list(self._in_hand))
        if due is None or len(self._in_hand) >= _AT_ONCE:
            return None
        return max(0.0, (due - datetime.now(UTC)).total_seconds())

    async def _carry_out(self, entry: OutboxEntry) -> None:
        try:
            await self._do(entry)
        except discord.NotFound:  # gone already
            await self._entries.done(entry)
        except FAILED as error:
            await self._postpone(entry, in_one_line(error))
        except Exception as error:  # what comes after it must not wait for it
            log.exception("Outbox entry %d failed", entry.id)
            await self._postpone(entry, in_one_line(error))
        else:
            await self._entries.done(entry)
        finally:
            del self._in_hand[entry.id]
            self._news.set()

    async def _do(self, entry: OutboxEntry) -> None:
        channel = self._client.get_partial_messageable(entry.channel_id, guild_id=entry.server_id)
        if entry.task == "delete":
            await channel.get_partial_message(entry.message_id).delete()
        elif self._ask is not None:
            await self._ask(await channel.fetch_message(entry.message_id))

    async def _postpone(self, entry: OutboxEntry, why: str) -> None:
        tries = min(entry.tries, _LONGEST_EXPONENT)
        wait = next(islice(waits(FIRST_WAIT_S, LONGEST_WAIT_S), tries, None))
        log.log(
            logging.DEBUG if entry.tries else logging.WARNING,
            "Message %d could not be changed (%s: %s); it is tried on",
            entry.message_id,
            entry.task,
            why,
        )
        await self._entries.postpone(entry, datetime.now(UTC) + timedelta(seconds=wait))
