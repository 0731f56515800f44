"""How often a bot may begin sessions: once in five seconds for each key of its shards.

A shard's key is its number modulo `max_concurrency`. Who identifies too early gets op 9, as Discord
documents it ("Clients are limited by maximum concurrency ... when Identifying").
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state.world import World

IDENTIFY_S = 5.0
"""Seconds between two sessions of the same key, on Discord."""


class IdentifyLimit:
    """Which shard may identify now. `seconds` between two of a key; 0 lets everybody."""

    def __init__(self, world: World, seconds: float) -> None:
        self._world = world
        self.seconds = seconds
        self.refused: list[int] = []
        """The shards that came too early."""
        self._latest: dict[int, float] = {}

    def allows(self, shard: int) -> bool:
        """Say whether a shard may identify now, and remember when it did."""
        key, now = shard % self._world.max_concurrency, time.monotonic()
        if now - self._latest.get(key, -self.seconds) < self.seconds:
            self.refused.append(shard)
            return False
        self._latest[key] = now
        return True
