"""How many sessions a bot may begin in a day, as Discord documents it (`session_start_limit`).

Who begins more loses them all, and the token.
"""

from __future__ import annotations

import time
from typing import Final

_DAY_S: Final = 86_400.0


class SessionStarts:
    """The sessions of one bot. A day begins with the first session in it."""

    def __init__(self) -> None:
        self.total = 1000
        self._begun = 0
        self._since = 0.0

    @property
    def remaining(self) -> int:
        """How many sessions may still begin."""
        return self.total if self.reset_after <= 0 else max(0, self.total - self._begun)

    @property
    def reset_after(self) -> float:
        """The seconds until all of them may begin again; none where none has begun."""
        return max(0.0, self._since + _DAY_S - time.monotonic()) if self._begun else 0.0

    def end_day(self) -> None:
        """Let a new day begin."""
        self._begun = 0

    def begin(self) -> bool:
        """Count a session that begins; false where it was one too many."""
        if self.reset_after <= 0:
            self._begun, self._since = 0, time.monotonic()
        self._begun += 1
        return self._begun <= self.total
