"""What happens in the sandbox, as one human's open page hears of it.

The first event is `{"type": "hello", "world": world}` (see `page.views`); then, as it happens, only
what that human may see. Messages are Discord's message objects, as REST answers them to that human:

    {"type": "world", "world"}                                the world anew: channels, members
    {"type": "message_create" | "message_update", "message"}  the whole message, reactions included
    {"type": "message_delete", "channel_id", "message_ids"}
    {"type": "typing", "channel_id", "user_id"}               shown for 10 s or until they post
    {"type": "bot", "online"}                                 the bot connected or left
    {"type": "commands"}                                      commands changed: read them again
    {"type": "autocomplete", "nonce", "choices"}              for the request with that nonce
    {"type": "modal", "interaction_id", "modal"}              a form to fill in
    {"type": "interaction", "nonce", "state", "message_id", "error"}
        `state` is "acknowledged" (stop the spinner of the component in the message) or "failed"
        (show `error` to that human only).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.page.views import world_view
from sandbox.state.entities import ChannelType
from sandbox.state.payloads.messages import message_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.state.entities import Json, Message, User
    from sandbox.state.events import Event
    from sandbox.state.interaction import Interaction
    from sandbox.state.world import World


class PageEvents:
    """Translates the stream of events for one viewer.

    Args:
        world: Where everything is.
        viewer: Who looks at the page.
        send: Takes the events for the page.

    """

    def __init__(self, world: World, viewer: User, send: Callable[[Json], None]) -> None:
        self._world = world
        self._viewer = viewer
        self._send = send
        self._known_dms = {
            channel.id for channel in world.channels.values() if channel.type is ChannelType.DM
        }

    def on_event(self, event: Event) -> None:
        """Send an event to the page, where its viewer may see it."""
        kind = event.kind
        if kind in ("bot_online", "bot_offline"):
            self._send({"type": "bot", "online": kind == "bot_online"})
        elif kind == "commands":
            self._send({"type": "commands"})
        elif event.interaction is not None:
            self._on_interaction(event, event.interaction)
        elif kind.startswith(("channel_", "member_", "role_", "server_")):
            self._send({"type": "world", "world": world_view(self._world, self._viewer)})
        elif event.channel is not None and self._world.may(
            self._viewer, event.channel, Permission.VIEW_CHANNEL
        ):
            self._on_channel(event)

    def _on_interaction(self, event: Event, interaction: Interaction) -> None:
        if interaction.user is not self._viewer:
            return
        nonce = interaction.nonce
        if event.kind == "modal":
            body = {"interaction_id": str(interaction.id), "modal": interaction.modal}
            self._send({"type": "modal"} | body)
        elif event.kind == "autocomplete":
            self._send({"type": "autocomplete", "nonce": nonce, "choices": interaction.choices})
        elif event.kind in ("interaction_response", "interaction_failed"):
            failed = event.kind == "interaction_failed"
            message = interaction.message
            self._send(
                {
                    "type": "interaction",
                    "nonce": nonce,
                    "state": "failed" if failed else "acknowledged",
                    "message_id": str(message.id) if message else None,
                    "error": event.data.get("error"),
                }
            )

    def _on_channel(self, event: Event) -> None:
        """Send what happened in a channel that the viewer sees: to a message, or typing."""
        channel, message = event.channel, event.message
        if channel is None:
            return
        place = {"channel_id": str(channel.id)}
        if event.kind == "typing" and event.user is not None:
            self._send({"type": "typing", "user_id": str(event.user.id)} | place)
        elif event.kind == "message_delete":
            ids = [str(item.id) for item in event.messages if self._sees(item)]
            if ids:
                self._send({"type": "message_delete", "message_ids": ids} | place)
        elif message is not None and self._sees(message):
            if channel.type is ChannelType.DM and channel.id not in self._known_dms:
                # somebody else has opened it: it shows at its first message
                self._known_dms.add(channel.id)
                self._send({"type": "world", "world": world_view(self._world, self._viewer)})
            kind = "message_create" if event.kind == "message_create" else "message_update"
            body = message_json(self._world, message, viewer=self._viewer)
            self._send({"type": kind, "message": body})

    def _sees(self, message: Message) -> bool:
        return message.visible_to in (None, self._viewer.id)
