"""Tells Discord about the bot's slash commands and menus, until it has taken them.

What Discord refuses stops nothing: mentions and typed commands work without.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
from asyncio import sleep
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.backoff import waits
from bot.errors import in_one_line

if TYPE_CHECKING:
    from discord import app_commands
    from discord.ext import commands

    from bot.storage.leases import LeaseRepository
    from bot.storage.state import StateRepository

log = logging.getLogger(__name__)

FIRST_TRY_S = 10.0
"""Seconds that the start waits for the first try."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 30.0, 3600.0
_KEY = "commands"
"""The key of the state of what was synced, and the name of the lease of whoever syncs."""
_SYNCING = timedelta(minutes=1)
_ASKED_EVERY_S = 1.0


class CommandSync:
    """Keeps Discord's copy of a tree's commands as they are here. `api` is which Discord's."""

    def __init__(
        self,
        tree: app_commands.CommandTree[commands.AutoShardedBot],
        state: StateRepository,
        leases: LeaseRepository,
        api: str,
    ) -> None:
        self._tree = tree
        self._state = state
        self._leases = leases
        self._api = api
        self._tried = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and wait until the first try is over, or `FIRST_TRY_S` are."""
        self._begin()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), FIRST_TRY_S)

    async def repeat(self) -> None:
        """Tell Discord anew: it has another form of a command than this.

        Not where another process told it other commands since: that is of a newer version.
        """
        idle = self._running is None or self._running.done()
        if idle and await self._state.get(_KEY) == self._digest():
            await self._state.forget(_KEY)
            self._begin()

    async def close(self) -> None:
        """Stop trying."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _begin(self) -> None:
        self._running = asyncio.create_task(self._until_taken(), name="command sync")

    def _digest(self) -> str:
        payload = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        text = json.dumps([self._api, self._tree.client.application_id, payload], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    async def _until_taken(self) -> None:
        digest = self._digest()
        said, holder = False, secrets.token_hex(8)
        for wait in waits(_FIRST_WAIT_S, _LONGEST_WAIT_S):
            await self._take_turn(holder)
            try:
                if await self._state.get(_KEY) == digest:
                    break
                synced = await self._tree.sync()
            except Exception as error:  # a refusal, a cut connection, an answer that makes no sense
                if not said:
                    said = True
                    log.warning(
                        "Discord did not take the slash commands (%s): they may be old or missing. "
                        "Mentions and typed commands work; it is tried again",
                        in_one_line(error),
                    )
            else:
                await self._state.set(_KEY, digest)
                log.info("Told Discord about %d commands", len(synced))
                break
            finally:
                await self._leases.release(_KEY, holder)
            self._tried.set()
            await sleep(wait)
        self._tried.set()

    async def _take_turn(self, holder: str) -> None:
        """Wait while another process tells: then this one sees that it did."""
        while (held := await self._leases.take(_KEY, holder, _SYNCING)) is not None:  # noqa: ASYNC110
            await sleep(min(held.seconds, _ASKED_EVERY_S))
