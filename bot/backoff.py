"""How long to wait before something is tried again."""

from __future__ import annotations

import random
from collections.abc import Iterator


def waits(first: float, most: float) -> Iterator[float]:
    """Yield the seconds to wait before each further try, without end.

    They double from `first` up to `most`. Each is shortened by up to a quarter at random, so that
    what failed together is not tried again together.
    """
    wait = first
    while True:
        yield wait * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
        wait = min(most, 2 * wait)
