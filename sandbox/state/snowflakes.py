"""Discord's ids: 64-bit numbers that hold their time of birth, unique and growing."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DISCORD_EPOCH = 1_420_070_400_000
"""The first second of 2015 in milliseconds of Unix time; ids count from there."""


class SnowflakeMint:
    """Makes ids: 42 bits of milliseconds since `DISCORD_EPOCH`, then 22 that keep them apart."""

    def __init__(self) -> None:
        self._last = 0

    def make(self) -> int:
        """Return an id of now, greater than every one before it."""
        now = (time.time_ns() // 1_000_000 - DISCORD_EPOCH) << 22
        self._last = max(now, self._last + 1)
        return self._last


def time_of(snowflake: int) -> datetime:
    """Return when an id was made (UTC, to the millisecond)."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH) / 1000, UTC)


def shard_of(server_id: int, shards: int) -> int:
    """Return a server's shard, `(id >> 22) % shards`; direct messages are on shard 0."""
    return (server_id >> 22) % shards
