"""What happens in the sandbox, as one stream: the gateway, the page and the tests listen to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Message, Reaction, Role, Server, User
    from sandbox.state.interaction import Interaction

Kind = Literal[
    "message_create",
    "message_update",
    "message_delete",
    "reaction_add",
    "reaction_remove",
    "reaction_clear",
    "typing",
    "channel_create",
    "channel_update",
    "channel_delete",
    "member_join",
    "member_update",
    "member_leave",
    "role_create",
    "role_update",
    "server_join",
    "server_update",
    "server_leave",
    "interaction_create",
    "interaction_response",
    "interaction_followup",
    "interaction_failed",
    "modal",
    "autocomplete",
    "commands",
    "bot_online",
    "bot_offline",
]

LOG_LENGTH = 20_000
"""Events that are remembered for `wait_for`; the oldest are forgotten beyond it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `user` is who did it (the author of a message, who reacted, typed, joined). `messages` holds
    every message of a deletion; `message` the one message of any other event, or the first.
    `data` is what only this kind has: `emoji` of a reaction; `choices` of an autocomplete; the
    `modal`; the callback's `type` of an interaction's response; the `error` of a failed one.
    """

    kind: Kind
    server: Server | None = None
    channel: Channel | None = None
    user: User | None = None
    message: Message | None = None
    messages: tuple[Message, ...] = ()
    role: Role | None = None
    interaction: Interaction | None = None
    data: Json = field(default_factory=dict)

    @property
    def by_bot(self) -> bool:
        """Whether the bot did it."""
        return self.user is not None and self.user.bot


def message_event(
    kind: Kind, message: Message, user: User | None, *, reaction: Reaction | None = None
) -> Event:
    """Make the event of what happened to one message, or to a reaction under it."""
    channel = message.channel
    data: Json = {} if reaction is None else {"emoji": reaction.name, "reaction": reaction}
    return Event(kind, channel.server, channel, user, message, messages=(message,), data=data)


Predicate = Callable[[Event], bool]


class Stream:
    """The stream of events: listeners are called at once, in the order they were added."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._log: deque[tuple[int, Event]] = deque(maxlen=LOG_LENGTH)
        self._waiters: list[tuple[Predicate, asyncio.Future[Event]]] = []
        self._count = 0
        self.mark = 0
        """Events before this number are left out by `wait_for` unless its caller asks for them."""

    @property
    def count(self) -> int:
        """How many events there have been."""
        return self._count

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call a function with every event from now on."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Event], None]) -> None:
        """Stop calling a function."""
        self._listeners.remove(listener)

    def emit(self, event: Event) -> None:
        """Call every listener, and wake who waits for such an event."""
        self._log.append((self._count, event))
        self._count += 1
        for listener in tuple(self._listeners):
            listener(event)
        for predicate, future in tuple(self._waiters):
            if not future.done() and predicate(event):
                future.set_result(event)

    def since(self, number: int) -> list[Event]:
        """Return the remembered events from a number on."""
        return [event for at, event in self._log if at >= number]

    async def wait_for(
        self, predicate: Predicate, within: float, after: int | None = None
    ) -> Event:
        """Return the first event that fits, whether it was already or is still to come.

        Events from number `after` on count (None: from `mark` on, which is where the last action
        of a member began).

        Raises:
            TimeoutError: None came within `within` seconds.

        """
        for event in self.since(self.mark if after is None else after):
            if predicate(event):
                return event
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        waiter = (predicate, future)
        self._waiters.append(waiter)
        try:
            return await asyncio.wait_for(future, within)
        finally:
            self._waiters.remove(waiter)
