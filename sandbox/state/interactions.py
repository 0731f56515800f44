"""Interactions on their way to the bot, and the bot's answers.

Each has a token that is good for 15 minutes, must be acknowledged within 3 seconds (both can be
set), and is acknowledged once. What comes too late or twice is refused as Discord refuses it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from sandbox.state import components, errors
from sandbox.state.entities import Channel, Json, Message, MessageFlag, MessageType, User
from sandbox.state.events import Event, Kind, Stream
from sandbox.state.interaction import (
    ANSWER,
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    UPDATE,
    Interaction,
)
from sandbox.state.messages import Messages, Origin
from sandbox.state.payloads.interactions import metadata_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.state.files import Upload
    from sandbox.state.world import World

ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0
_DEFERRED_FLAGS = MessageFlag.EPHEMERAL
"""What a deferral decides for its answer; layout components (v2) the answer announces itself."""


class Interactions:
    """Makes interactions and takes the bot's answers to them."""

    def __init__(self, world: World, stream: Stream, messages: Messages) -> None:
        self._world = world
        self._stream = stream
        self._messages = messages
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self.acknowledge_seconds = ACKNOWLEDGE_SECONDS
        self.token_seconds = TOKEN_SECONDS

    def start(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        message: Message | None = None,
        parent: Interaction | None = None,
        nonce: str | int | None = None,
    ) -> Interaction:
        """Send an interaction to the bot."""
        interaction = Interaction(
            self._world.mint.make(),
            secrets.token_urlsafe(48),
            kind,
            user,
            channel,
            data,
            message,
            parent,
            nonce,
        )
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._emit("interaction_create", interaction)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.acknowledge_seconds, self._give_up, interaction)
        self._timers = {item for item in self._timers if item.when() > loop.time()} | {timer}
        return interaction

    def close(self) -> None:
        """Stop every clock."""
        for timer in self._timers:
            timer.cancel()

    def get(self, interaction_id: int) -> Interaction:
        """Return an interaction by its id; ApiError 10062 where there is none."""
        try:
            return self._by_id[interaction_id]
        except KeyError:
            raise errors.unknown_interaction() from None

    def _give_up(self, interaction: Interaction) -> None:
        if not interaction.acknowledged:
            interaction.failed = True
            self._emit("interaction_failed", interaction, error="The application did not respond")

    # --- the bot's first answer -----------------------------------------------------------------

    async def respond(
        self, interaction_id: int, token: str, body: Json, uploads: Mapping[int, Upload]
    ) -> Interaction:
        """Take the bot's first answer (`POST /interactions/{id}/{token}/callback`).

        Raises:
            ApiError: 10062 too late or unknown, 40060 answered before, 50035 wrong answer.

        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.failed:
            raise errors.unknown_interaction()
        if interaction.acknowledged:
            raise errors.already_acknowledged()
        kind = int(body.get("type") or 0)
        data = body.get("data") or {}
        if kind not in _ALLOWED[interaction.type] or (
            kind in (DEFER_UPDATE, UPDATE) and interaction.message is None
        ):
            raise errors.invalid_form("type", "INTERACTION_RESPONSE_TYPE_INVALID", f"{kind}")
        interaction.response_type = kind
        try:
            await self._carry_out(interaction, kind, data, uploads)
        except errors.ApiError as error:
            interaction.response_type = None
            raise error.below("data") from error
        self._emit("interaction_response", interaction, type=kind)
        return interaction

    async def _carry_out(
        self, interaction: Interaction, kind: int, data: Json, uploads: Mapping[int, Upload]
    ) -> None:
        bot = self._world.bot
        if kind == ANSWER:
            interaction.response = await self._post(interaction, data, uploads)
        elif kind == DEFER:
            interaction.response = await self._post(
                interaction,
                {"flags": (data.get("flags") or 0) & _DEFERRED_FLAGS},
                {},
                MessageFlag.LOADING,
            )
        elif kind == DEFER_UPDATE:
            interaction.response = interaction.message
        elif kind == UPDATE:
            assert interaction.message is not None  # noqa: S101 - respond() has checked it
            interaction.response = await self._messages.edit(
                bot, interaction.message, data, uploads, check=False
            )
        elif kind == CHOICES:
            interaction.choices = (data.get("choices") or [])[:25]
            self._emit("autocomplete", interaction, choices=interaction.choices)
        elif kind == MODAL:
            interaction.modal = components.complete_form(data)
            self._emit("modal", interaction, modal=interaction.modal)

    async def _post(
        self,
        interaction: Interaction,
        data: Json,
        uploads: Mapping[int, Upload],
        flags: MessageFlag | None = None,
    ) -> Message:
        hidden = bool((data.get("flags") or 0) & MessageFlag.EPHEMERAL)
        command = interaction.type == COMMAND
        kind = MessageType.DEFAULT
        if command:
            menu = interaction.data.get("type", 1) != 1
            kind = MessageType.CONTEXT_MENU_COMMAND if menu else MessageType.CHAT_INPUT_COMMAND
        origin = Origin(
            metadata_json(interaction),
            interaction.data.get("name") if command else None,
            kind,
            interaction.user.id if hidden else None,
            self._world.bot.id,
            flags or MessageFlag(0),
        )
        return await self._messages.post(
            self._world.bot, interaction.channel, data, uploads, origin
        )

    # --- the webhook behind the token -----------------------------------------------------------

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return the interaction of a token.

        Raises:
            ApiError: 10015 unknown or not yet acknowledged, 50027 older than its time.

        """
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.bot.id:
            raise errors.unknown_webhook()
        if time.monotonic() - interaction.born > self.token_seconds:
            raise errors.invalid_webhook_token()
        if not interaction.acknowledged or interaction.type == AUTOCOMPLETE:
            raise errors.unknown_webhook()
        return interaction

    async def follow_up(
        self, interaction: Interaction, body: Json, uploads: Mapping[int, Upload]
    ) -> Message:
        """Post a later answer. The first one after a deferral takes the deferral's place."""
        if interaction.response_type == DEFER and interaction.response is not None:
            waiting = interaction.response
            if waiting.loading and not waiting.deleted:
                return await self._edit(waiting, body, uploads)
        message = await self._post(interaction, body, uploads)
        interaction.followups.append(message)
        self._emit("interaction_followup", interaction)
        return message

    def message(self, interaction: Interaction, which: str) -> Message:
        """Return an answer by its id or `@original`; ApiError 10008 where there is none."""
        own = [interaction.response, *interaction.followups]
        for message in own:
            if message is not None and not message.deleted:
                original = which == "@original" and message is interaction.response
                if original or which == str(message.id):
                    return message
        raise errors.unknown_message()

    async def edit(
        self, interaction: Interaction, which: str, body: Json, uploads: Mapping[int, Upload]
    ) -> Message:
        """Edit an answer; filling a deferred one is how it is answered."""
        return await self._edit(self.message(interaction, which), body, uploads)

    async def _edit(self, message: Message, body: Json, uploads: Mapping[int, Upload]) -> Message:
        return await self._messages.edit(
            self._world.bot, message, body, uploads, check=False, quietly=message.loading
        )

    def delete(self, interaction: Interaction, which: str) -> None:
        """Delete an answer."""
        self._messages.delete([self.message(interaction, which)], self._world.bot)

    def _emit(self, kind: Kind, interaction: Interaction, **data: object) -> None:
        by_bot = kind not in ("interaction_create", "interaction_failed")
        self._stream.emit(
            Event(
                kind,
                interaction.channel.server,
                interaction.channel,
                self._world.bot if by_bot else interaction.user,
                interaction.response or interaction.message,
                interaction=interaction,
                data=dict(data),
            )
        )


_ALLOWED = {
    COMMAND: (ANSWER, DEFER, MODAL),
    COMPONENT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE),
}
