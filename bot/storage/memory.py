"""What was read of the database and is asked for all the time, until somebody changes it.

A write says with `changed` what it changes. That is forgotten in this process when the write is
committed; on PostgreSQL the others are told of it too (`bot.storage.notices`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

_CHANGED = "changed"


class Memory:
    """Values by key ("settings:7"). Nothing is kept while `keeps` is false."""

    def __init__(self) -> None:
        self._keeps = False
        self._values: dict[str, Any] = {}
        self._changes = 0
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    @property
    def keeps(self) -> bool:
        """Whether every change is heard of, so that what was read may be kept."""
        return self._keeps

    @keeps.setter
    def keeps(self, keeps: bool) -> None:
        self._keeps = keeps
        self.forget(list({*self._values, *self._watchers}))

    async def get(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """Return what is kept under a key, or else what `read` returns, which is kept then."""
        if key in self._values:
            return self._values[key]
        before = self._changes
        value = await read()
        # Of what changed while it was read, this may be what was before.
        if self._keeps and self._changes == before:
            self._values[key] = value
        return value

    def forget(self, keys: Iterable[str]) -> None:
        """Let go of what changed, and call who watches it."""
        for key in keys:
            self._changes += 1
            self._values.pop(key, None)
            for watcher in self._watchers.get(key, ()):
                watcher()

    def watch(self, key: str, watcher: Callable[[], None]) -> None:
        """Have `watcher` called at every change from now on."""
        self._watchers.setdefault(key, []).append(watcher)


def changed(session: AsyncSession, *keys: str) -> None:
    """Say what the transaction of a session changes."""
    session.info.setdefault(_CHANGED, set()).update(keys)


def changes_of(session: AsyncSession) -> set[str]:
    """Return what the transaction of a session changes, as it said."""
    return session.info.get(_CHANGED, set())
