"""What happens in the sandbox, told to one user's page; see `sandbox.page.api` for the shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.world import ChannelType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.page.views import Views
    from sandbox.rest.server import Sandbox
    from sandbox.state.events import Event
    from sandbox.state.world import Json, Message, User


class PageEvents:
    """Translates the stream of events for one viewer."""

    def __init__(
        self, sandbox: Sandbox, views: Views, viewer: User, send: Callable[[Json], None]
    ) -> None:
        self._sandbox = sandbox
        self._views = views
        self._viewer = viewer
        self._send = send
        self._known_dms = {
            channel.id
            for channel in sandbox.world.channels.values()
            if channel.type is ChannelType.DM
        }

    def tell(self, event: Event) -> None:
        """Send an event to the page, where its viewer may see it."""
        kind = event.kind
        if kind in ("bot_online", "bot_offline"):
            self._send({"type": "bot", "online": kind == "bot_online"})
        elif kind == "commands":
            self._send({"type": "commands"})
        elif kind == "channel_delete":
            if event.channel is not None:
                self._send({"type": "channel_delete", "channel_id": str(event.channel.id)})
        elif kind == "member_join":
            self._tell_join(event)
        elif event.interaction is not None:
            self._tell_interaction(event)
        elif event.channel is not None and self._views.sees(self._viewer, event.channel):
            self._tell_channel(event)
        elif kind == "channel_update" and event.channel is not None:
            self._send({"type": "channel_delete", "channel_id": str(event.channel.id)})

    def _tell_join(self, event: Event) -> None:
        server, user = event.server, event.user
        if server is not None and user is not None and self._viewer.id in server.members:
            self._send(
                {
                    "type": "member_join",
                    "server_id": str(server.id),
                    "member": self._views.member(server, user.id),
                    "user": self._views.user(user),
                }
            )

    def _tell_interaction(self, event: Event) -> None:
        interaction = event.interaction
        if interaction is None or interaction.user is not self._viewer:
            return
        number = str(interaction.id)
        if event.kind == "modal":
            self._send({"type": "modal", "interaction_id": number, "modal": interaction.modal})
        elif event.kind in ("interaction_response", "interaction_failed"):
            failed = event.kind == "interaction_failed"
            message = interaction.message
            self._send(
                {
                    "type": "interaction",
                    "interaction_id": number,
                    "state": "failed" if failed else "acknowledged",
                    "message_id": str(message.id) if message else None,
                    "error": event.data.get("error"),
                }
            )

    def _tell_channel(self, event: Event) -> None:
        channel, kind = event.channel, event.kind
        if channel is None:
            return
        place = {"channel_id": str(channel.id)}
        if kind == "message_delete":
            gone = [str(item.id) for item in event.messages if self._sees(item)]
            if gone:
                self._send({"type": "message_delete", "message_ids": gone} | place)
        elif kind.startswith(("message_", "reaction_")):
            message = event.message
            if message is None or not self._sees(message):
                return
            if channel.type is ChannelType.DM and channel.id not in self._known_dms:
                self._tell_new_dm(event)
            verb = "message_create" if kind == "message_create" else "message_update"
            self._send({"type": verb, "message": self._views.message(message, self._viewer)})
        elif kind == "typing" and event.user is not None:
            self._send({"type": "typing", "user_id": str(event.user.id)} | place)
        elif kind in ("channel_create", "channel_update"):
            server_id = str(channel.server.id) if channel.server else None
            view = self._views.channel(channel, self._viewer)
            self._send({"type": kind, "channel": view, "server_id": server_id})

    def _tell_new_dm(self, event: Event) -> None:
        """Show a direct message that somebody else has opened, at its first message."""
        channel = event.channel
        if channel is not None:
            self._known_dms.add(channel.id)
            view = self._views.channel(channel, self._viewer)
            self._send({"type": "channel_create", "channel": view, "server_id": None})

    def _sees(self, message: Message) -> bool:
        return message.visible_to in (None, self._viewer.id)
