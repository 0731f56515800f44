"""Which shards a process runs: a count of them all, or a slice such as "0-3/16"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLICE = re.compile(r"(\d+)(?:-(\d+))?/(\d+)")


@dataclass(frozen=True, slots=True)
class ShardSlice:
    """The shards of one process, of `count` that all processes of the bot run together."""

    ids: range
    count: int

    @classmethod
    def parse(cls, text: str) -> ShardSlice:
        """Read "first-last/count", or "one/count". Raises ValueError."""
        found = _SLICE.fullmatch(text.replace(" ", ""))
        if found is None:
            raise ValueError('must be a number of shards, or a slice of them such as "0-3/16"')
        first, count = int(found[1]), int(found[3])
        last = first if found[2] is None else int(found[2])
        if not first <= last < count:
            raise ValueError(
                f"must name shards from 0 to {count - 1}, the lower one first"
                if count
                else "must be a slice of at least one shard"
            )
        return cls(range(first, last + 1), count)

    def has(self, server_id: int | None) -> bool:
        """Say whether a server, or what is said in DMs (None), belongs to these shards."""
        return ((server_id or 0) >> 22) % self.count in self.ids
