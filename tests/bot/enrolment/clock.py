"""Time that passes when somebody waits for it: limits of minutes are tested in milliseconds."""

from __future__ import annotations

import asyncio


class FakeClock:
    """Starts at some moment; `waited` is what was slept altogether."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self.waited = 0.0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._now += seconds
        self.waited += seconds
        await asyncio.sleep(0)
