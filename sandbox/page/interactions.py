"""Commands, buttons, selects and forms as the page sends them; see `sandbox.page.api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.routing import Call, body_of
from sandbox.state.commands import UsageError
from sandbox.state.errors import missing_permissions

if TYPE_CHECKING:
    from sandbox.page.shelf import Shelf
    from sandbox.page.views import Views
    from sandbox.rest.server import Sandbox
    from sandbox.state.interactions import Interaction
    from sandbox.state.world import Channel, Json, Message
    from sandbox.testing.driver import Member


class PageInteractions:
    """Turns what the page sends into what a member does."""

    def __init__(self, sandbox: Sandbox, views: Views, shelf: Shelf) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._views = views
        self._shelf = shelf

    async def start(self, call: Call, member: Member) -> Json:
        """`POST /sandbox/interactions`."""
        body = body_of(call)
        if body.get("kind") == "modal":
            return {"id": str((await self._submit(call, member)).id)}
        channel = self._views.channel_for(body["channel_id"], member.user)
        match body.get("kind"):
            case "slash":
                options = await self._options(body, channel, call, member)
                started = await member.slash(channel, body["path"], options)
            case "message_menu":
                message = self._world.message(channel, int(body["message_id"]), member.user)
                started = await member.menu(message, str(body["command_id"]))
            case "user_menu":
                user = self._world.users[int(body["user_id"])]
                started = await member.user_menu(channel, user, str(body["command_id"]))
            case "component":
                message = self._world.message(channel, int(body["message_id"]), member.user)
                started = await self._use(member, message, body)
            case other:
                raise UsageError(f"There is no interaction of the kind “{other}”.")
        return {"id": str(started.id)}

    async def autocomplete(self, call: Call, member: Member) -> Json:
        """`POST /sandbox/autocomplete`."""
        body = body_of(call)
        channel = self._views.channel_for(body["channel_id"], member.user)
        typed = {
            name: value
            for name, value in (body.get("options") or {}).items()
            if isinstance(value, (str, int, float))
        }
        choices = await member.autocomplete(channel, body["path"], typed, body["focused"])
        return {"choices": choices}

    async def _use(self, member: Member, message: Message, body: Json) -> Interaction:
        values = body.get("values")
        if not values:
            try:
                return await member.press(message, str(body["custom_id"]))
            except UsageError:
                if values is None:
                    raise
        things = [self._thing(str(value), message.channel) for value in values or ()]
        return await member.select(message, str(body["custom_id"]), things)

    async def _submit(self, call: Call, member: Member) -> Interaction:
        body = body_of(call)
        interaction = self._sandbox.interactions.get(int(body["interaction_id"]))
        if interaction.user is not member.user:
            raise missing_permissions()
        values: dict[str, Any] = {}
        for custom_id, value in (body.get("values") or {}).items():
            if isinstance(value, dict):
                values[custom_id] = [call.uploads[int(number)] for number in value["files"]]
            elif isinstance(value, list):
                values[custom_id] = [self._thing(str(one), interaction.channel) for one in value]
            else:
                values[custom_id] = value
        return await member.submit(interaction, values)

    async def _options(
        self, body: Json, channel: Channel, call: Call, member: Member
    ) -> dict[str, Any]:
        """Turn a slash command's values from the page into what the driver takes."""
        path = [str(name) for name in body["path"]]
        command = self._sandbox.commands.find(member.user, channel, path[0])
        options = command.get("options") or []
        for name in path[1:]:
            options = next((x.get("options") or [] for x in options if x["name"] == name), [])
        kinds = {item["name"]: item["type"] for item in options}
        done: dict[str, Any] = {}
        for name, value in (body.get("options") or {}).items():
            if isinstance(value, dict) and "sample" in value:
                done[name] = await self._shelf.upload(value["sample"])
            elif isinstance(value, dict):
                done[name] = call.uploads[int(value["file"])]
            elif kinds.get(name) in (6, 7, 8, 9):
                done[name] = self._thing(str(value), channel)
            else:
                done[name] = value
        return done

    def _thing(self, value: str, channel: Channel) -> Any:
        """Return the user, role or channel of an id; anything else as it is."""
        if not value.isdecimal():
            return value
        number = int(value)
        roles = channel.server.roles if channel.server else {}
        for known in (self._world.users, roles, self._world.channels):
            if number in known:
                return known[number]
        return value
