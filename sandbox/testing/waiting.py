"""Waiting for what happens: any event, the bot's connection, its replies and its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state.entities import Message
    from sandbox.state.events import Event, Kind, Predicate
    from sandbox.state.interaction import Interaction
    from sandbox.state.state import State

WAIT = 10.0
"""Seconds that waiting for something takes at most, unless a caller says otherwise."""


class Waiting:
    """Waits for events of a sandbox.

    Args:
        state: Whose events.
        least: Seconds that every wait has at least, whatever its caller asks for; for machines
            that may be busy.

    """

    def __init__(self, state: State, least: float = 0.0) -> None:
        self._stream = state.stream
        self._world = state.world
        self._least = least

    async def wait_for(
        self,
        what: Kind | Predicate,
        where: Predicate | None = None,
        timeout: float = WAIT,  # noqa: ASYNC109 - part of what callers ask for
        after: int | None = None,
    ) -> Event:
        """Wait for an event, by its kind or by a function that says whether it is the one.

        Args:
            what: An event's kind (see `events.Kind`), or a predicate.
            where: A predicate that the event must meet too.
            timeout: Seconds to wait at most, or the `least` of this waiting.
            after: Look at events from this number on (`stream.count` is the next one's number);
                None: since the last action of a member began.

        Raises:
            TimeoutError: It didn't happen; the message lists what did.

        """

        def fits(event: Event) -> bool:
            right = event.kind == what if isinstance(what, str) else what(event)
            return right and (where is None or where(event))

        try:
            return await self._stream.wait_for(fits, max(timeout, self._least), after)
        except TimeoutError:
            seen = self._stream.since(self._stream.mark if after is None else after)
            happened = ", ".join(event.kind for event in seen[-20:]) or "nothing"
            raise TimeoutError(f"{what} did not come in {timeout} s; seen: {happened}") from None

    async def wait_online(self, timeout: float = WAIT) -> None:  # noqa: ASYNC109 - as above
        """Wait until the bot is connected."""
        if not self._world.bot_online:
            await self.wait_for("bot_online", timeout=timeout, after=0)

    async def answer_to(self, message: Message, timeout: float = WAIT) -> Message:  # noqa: ASYNC109
        """Return the bot's reply to a message; TimeoutError where none comes."""
        found = self.replies(message)
        if found:
            return found[0]
        event = await self.wait_for(
            "message_create",
            lambda event: event.by_bot and event.messages[0].referenced is message,
            timeout,
        )
        return event.messages[0]

    def replies(self, message: Message) -> list[Message]:
        """Return the bot's replies to a message so far."""
        return [
            item
            for item in message.channel.messages.values()
            if item.author is self._world.bot and item.referenced is message
        ]

    async def answer(self, interaction: Interaction, timeout: float = WAIT) -> Message:  # noqa: ASYNC109
        """Return the bot's answer to an interaction, once it is more than "thinking".

        Raises:
            TimeoutError: None came, or the bot let the interaction fail.

        """
        if not interaction.answers:
            await self.wait_for(
                lambda event: bool(interaction.answers) or interaction.failed, None, timeout
            )
        if not interaction.answers:
            raise TimeoutError("The application did not respond")
        return interaction.answers[0]

    async def modal(self, interaction: Interaction, timeout: float = WAIT) -> Interaction:  # noqa: ASYNC109
        """Wait until the bot has opened a form on an interaction; returns that interaction."""
        if interaction.modal is None:
            await self.wait_for("modal", lambda event: event.interaction is interaction, timeout)
        return interaction
