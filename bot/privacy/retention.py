"""Erases what is too old, by the days that the configuration states; the one schedule for it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.config import LearningConfig, StorageConfig
    from bot.privacy.erasure import Erasure
    from bot.storage import Storage

log = logging.getLogger(__name__)

_LEFT = "left:"
_WARNINGS = timedelta(days=2)


class Retention:
    """Erases old answers, crops, proposals, drawings, warnings, sign-ins, and servers left.

    `is_member` says whether the bot is in a server, and `knows` whether this process can tell:
    those of other processes' shards it does not see.
    """

    def __init__(
        self,
        storage: Storage,
        erasure: Erasure,
        answers: StorageConfig,
        learning: LearningConfig,
        is_member: Callable[[int], bool],
        knows: Callable[[int], bool],
    ) -> None:
        self._storage = storage
        self._erasure = erasure
        self._answers = answers
        self._learning = learning
        self._is_member = is_member
        self._knows = knows

    async def server_left(self, server_id: int, at: datetime) -> None:
        """Remember when a server was left; it is erased after the configured days."""
        await self._storage.state.set(f"{_LEFT}{server_id}", at.isoformat())

    async def erase_old(self, now: datetime) -> None:
        """Erase all whose days are over at `now`."""
        await self._erase_left(now)
        await self._erase_answers(now)
        await self._storage.state.forget_warnings(now - _WARNINGS)
        await self._storage.sessions.end_old(now)
        oldest = now - timedelta(days=self._learning.crops_days)
        await self._storage.faces.strip_before(oldest)
        await self._storage.proposals.erase_waiting(oldest)
        await self._storage.exemplars.erase_forgotten(
            now - timedelta(days=self._learning.forget_days)
        )
        await self._erasure.sweep()

    async def _erase_answers(self, now: datetime) -> None:
        gone = await self._storage.answers.delete_before(
            now - timedelta(days=self._answers.answers_days),
            now - timedelta(days=self._answers.buttons_days),
        )
        if gone:
            log.info("Erased %d answers that were too old", gone)

    async def _erase_left(self, now: datetime) -> None:
        left = await self._storage.state.starting_with(_LEFT)
        for server_id in filter(self._knows, await self._storage.servers.kept()):
            # Thrown out while the bot was away: the days are counted from now.
            if not self._is_member(server_id) and f"{_LEFT}{server_id}" not in left:
                left[f"{_LEFT}{server_id}"] = now.isoformat()
                await self.server_left(server_id, now)
        for key, since in left.items():
            server_id = int(key.removeprefix(_LEFT))
            if not self._knows(server_id):
                continue
            if self._is_member(server_id):
                await self._storage.state.forget(key)
            elif now - datetime.fromisoformat(since) >= timedelta(days=self._learning.leave_days):
                await self._erasure.erase_server(server_id)
