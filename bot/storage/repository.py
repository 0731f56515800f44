"""What all repositories share: the database they work in, and operations that are carried out.

An operation runs to its end, and again where the database says that it should.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from bot.storage.cancellation import to_its_end

if TYPE_CHECKING:
    from bot.storage.database import Database


P = ParamSpec("P")
T = TypeVar("T")
Self = TypeVar("Self", bound="Repository")


class Repository:
    """A part of the storage; its public operations are carried out whole."""

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(cls, name, to_its_end(_carried_out(method)))

    def __init__(self, database: Database) -> None:
        self._database = database


def _carried_out(
    operation: Callable[Concatenate[Self, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Self, P], Coroutine[Any, Any, T]]:
    """Return an operation that is begun anew where its database says so."""

    @wraps(operation)
    async def carried_out(self: Self, *args: P.args, **kwargs: P.kwargs) -> T:
        # What can be read once only would be empty the second time.
        given = [list(each) if isinstance(each, Iterator) else each for each in args]
        named = {k: list(v) if isinstance(v, Iterator) else v for k, v in kwargs.items()}
        return await self._database.carry_out(partial(operation, self, *given, **named))  # pyright: ignore[reportCallIssue]

    return carried_out
