"""When a shard may begin a session: never two of a key within five seconds, whoever runs them.

Discord gives each shard a key, its number modulo `max_concurrency`, and refuses a second IDENTIFY
of a key that comes too early. The processes of a bot take turns by leases in their common database:
a shard holds its key while it connects, and for `PERIOD` after its IDENTIFY.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import in_one_line

if TYPE_CHECKING:
    from bot.storage.leases import LeaseRepository

log = logging.getLogger(__name__)

PERIOD = timedelta(seconds=5.5)
"""Between two sessions of a key: Discord's five seconds, and some for the network."""
CONNECTING = timedelta(seconds=60)
"""How long a key is held for a shard that connects; a crash meanwhile costs so much."""
_ASKED_EVERY_S = 1.0


class IdentifyTurns:
    """The turns of this process's shards. `max_concurrency` is how many keys Discord gives."""

    def __init__(self, leases: LeaseRepository) -> None:
        self.max_concurrency = 1
        self._leases = leases
        self._process = secrets.token_hex(8)
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def begin(self, shard_id: int) -> None:
        """Wait for a shard's turn to connect; `end` ends it."""
        name = self._name(shard_id)
        async with self._lines[name]:
            while (seconds := await self._taken(name, shard_id)) > 0:  # noqa: ASYNC110 - leases tell nobody
                await asyncio.sleep(min(seconds, _ASKED_EVERY_S))

    async def end(self, shard_id: int) -> None:
        """Let the next shard of the key begin in `PERIOD`: this one has identified, or failed."""
        try:
            await self._leases.release(self._name(shard_id), self._holder(shard_id), PERIOD)
        except Exception as error:  # then the lease ends by itself
            log.debug("Shard %d could not end its turn (%s)", shard_id, in_one_line(error))

    async def _taken(self, name: str, shard_id: int) -> float:
        """Take a key; return the seconds for which another holds it."""
        try:
            held = await self._leases.take(name, self._holder(shard_id), CONNECTING)
        except Exception as error:  # a database that is locked or full keeps nobody from connecting
            log.warning("Shard %d does not know its turn (%s)", shard_id, in_one_line(error))
            await asyncio.sleep(PERIOD.total_seconds())
            return 0.0
        return 0.0 if held is None else held.seconds

    def _name(self, shard_id: int) -> str:
        return f"identify:{shard_id % self.max_concurrency}"

    def _holder(self, shard_id: int) -> str:
        return f"{self._process}:{shard_id}"
