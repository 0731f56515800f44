"""Operations that run to their end.

A task that is cancelled in the middle of an operation would leave its connection open in the middle
of a transaction: a reader that keeps erased pages in the write-ahead log. So each operation runs in
a task of its own, whatever becomes of whoever waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()  # the event loop itself holds tasks weakly only


def to_its_end(operation: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Return an operation that runs in a task of its own, whatever becomes of the caller."""

    @wraps(operation)
    async def shielded(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(operation(*args, **kwargs), name=operation.__qualname__)
        _running.add(task)
        task.add_done_callback(_ended)
        return await asyncio.shield(task)

    return shielded


def _ended(task: asyncio.Task[Any]) -> None:
    """Let go of an operation. Where nobody waits for it any more, nobody else hears of its end."""
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("%s failed: %s", task.get_name(), error)
