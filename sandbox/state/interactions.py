"""Interactions: a user's command, press, choice or form on its way to the bot, and the answer.

Each has a token that is good for 15 minutes, must be acknowledged within 3 seconds (both can be
set), and is acknowledged once. What comes too late or twice is refused as Discord refuses it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.rest.payloads import channel_json, dm_json, member_json, message_json, user_json
from sandbox.state import components, errors
from sandbox.state.actions import Actions, Origin
from sandbox.state.events import Event
from sandbox.state.world import Channel, Json, Message, MessageFlag, MessageType, User, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.state.files import Upload

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5

PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9

ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0


@dataclass(eq=False, slots=True)
class Interaction:
    """One interaction and what became of it.

    `type` is Discord's (2 command, 3 component, 4 autocomplete, 5 modal). `message` is the message
    whose component was used. `response` is the first answer's message (`@original`), for an update
    the updated one; `followups` are the later ones. `modal` is the form that the bot opened,
    `choices` what it offered. `response_type` is the callback's type, None until acknowledged.
    """

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: Json
    message: Message | None = None
    parent: Interaction | None = None
    born: float = field(default_factory=time.monotonic)
    response_type: int | None = None
    response: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    failed: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the bot has answered, or has said that it will."""
        return self.response_type is not None

    @property
    def answers(self) -> list[Message]:
        """Every message that answers it and isn't just "thinking", in order."""
        own = [self.response] if self.response and self.response_type != DEFER_UPDATE else []
        return [item for item in own + self.followups if not item.loading and not item.deleted]


class Interactions:
    """Makes interactions and takes the bot's answers to them."""

    def __init__(self, world: World, actions: Actions) -> None:
        self._world = world
        self._actions = actions
        self._stream = actions.stream
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
        if kind == MODAL:
            interaction.modal = components.complete_modal(data)
        interaction.response_type = kind
        try:
            await self._carry_out(interaction, kind, data, uploads)
        except errors.ApiError:
            interaction.response_type = None
            raise
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
                interaction, {"flags": data.get("flags")}, {}, MessageFlag.LOADING
            )
        elif kind == DEFER_UPDATE:
            interaction.response = interaction.message
        elif kind == UPDATE:
            assert interaction.message is not None  # noqa: S101 - respond() has checked it
            interaction.response = await self._actions.edit(
                bot, interaction.message, data, uploads, check=False
            )
        elif kind == CHOICES:
            interaction.choices = (data.get("choices") or [])[:25]
            self._emit("autocomplete", interaction, choices=interaction.choices)
        elif kind == MODAL:
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
            self.metadata(interaction),
            interaction.data.get("name") if command else None,
            kind,
            interaction.user.id if hidden else None,
            self._world.bot.id,
            flags or MessageFlag(0),
        )
        return await self._actions.post(self._world.bot, interaction.channel, data, uploads, origin)

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
        return await self._actions.edit(
            self._world.bot, message, body, uploads, check=False, quietly=message.loading
        )

    def delete(self, interaction: Interaction, which: str) -> None:
        """Delete an answer."""
        self._actions.delete([self.message(interaction, which)], self._world.bot)

    # --- how it is written ----------------------------------------------------------------------

    def metadata(self, interaction: Interaction) -> Json:
        """Write what an answer's `interaction_metadata` says about its interaction."""
        body: Json = {
            "id": str(interaction.id),
            "type": interaction.type,
            "user": user_json(interaction.user),
            "authorizing_integration_owners": self._owners(interaction),
        }
        if interaction.type == COMPONENT and interaction.message is not None:
            body["interacted_message_id"] = str(interaction.message.id)
        if interaction.type == MODAL_SUBMIT and interaction.parent is not None:
            body["triggering_interaction_metadata"] = self.metadata(interaction.parent)
        if interaction.type == COMMAND and interaction.data.get("type") == 3:
            body["target_message_id"] = interaction.data["target_id"]
        return body

    def payload(self, interaction: Interaction) -> Json:
        """Write INTERACTION_CREATE."""
        world, channel, user = self._world, interaction.channel, interaction.user
        server = channel.server
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(world.bot.id),
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "locale": "en-US",
            "app_permissions": str(int(world.permissions(world.bot, channel))),
            "entitlements": [],
            "authorizing_integration_owners": self._owners(interaction),
            "attachment_size_limit": server.upload_limit if server else 10 * 2**20,
        }
        granted = str(int(world.permissions(user, channel)))
        if server is None:
            body |= {"user": user_json(user), "context": 1, "channel": dm_json(channel, world.bot)}
        else:
            body |= {
                "guild_id": str(server.id),
                "guild": {"id": str(server.id), "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "context": 0,
                "channel": channel_json(channel) | {"permissions": granted},
                "member": member_json(server.members[user.id]) | {"permissions": granted},
            }
        if interaction.message is not None:
            body["message"] = message_json(world, interaction.message)
        return body

    def _owners(self, interaction: Interaction) -> Json:
        server = interaction.channel.server
        return {"0": str(server.id) if server else "0"}

    def callback_json(self, interaction: Interaction) -> Json:
        """Write the answer to a callback with `with_response`."""
        about: Json = {
            "id": str(interaction.id),
            "type": interaction.type,
            "channel_id": str(interaction.channel.id),
        }
        if interaction.channel.server is not None:
            about["guild_id"] = str(interaction.channel.server.id)
        message = interaction.response
        body: Json = {"interaction": about}
        if message is not None:
            about |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": message.ephemeral,
            }
            if interaction.response_type in (ANSWER, DEFER, UPDATE):
                body["resource"] = {
                    # a deferral's resource is the message that it made
                    "type": ANSWER if interaction.response_type != UPDATE else UPDATE,
                    "message": message_json(self._world, message),
                }
        return body

    def _emit(self, kind: str, interaction: Interaction, **data: object) -> None:
        by_bot = kind not in ("interaction_create", "interaction_failed")
        self._stream.emit(
            Event(
                kind,  # pyright: ignore[reportArgumentType] - the callers' literals are all kinds
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
