"""What users ask of the bot: commands, autocomplete, buttons, selects and forms.

One way for all who ask: the chat page (`POST /interactions`) and the members that tests drive. The
request is the JSON that Discord's own clients send there; it is checked against what the bot
offers, and becomes an interaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.state import component_tree, errors, options
from sandbox.state.errors import UsageError
from sandbox.state.forms import choose, fill_form
from sandbox.state.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from sandbox.state.permissions import Permission
from sandbox.state.resolved import CHANNELS, ROLES, USERS, Resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.state.commands import Commands
    from sandbox.state.entities import Channel, Json, User
    from sandbox.state.files import Upload
    from sandbox.state.interaction import Interaction
    from sandbox.state.interactions import Interactions
    from sandbox.state.world import World

_NAMED_KINDS = {
    options.USER: (USERS,),
    options.CHANNEL: (CHANNELS,),
    options.ROLE: (ROLES,),
    options.MENTIONABLE: (USERS, ROLES),
}
"""What the ids in options of each type stand for."""


class Requests:
    """Turns users' requests into interactions."""

    def __init__(self, world: World, commands: Commands, interactions: Interactions) -> None:
        self._world = world
        self._commands = commands
        self._interactions = interactions

    async def start(
        self, user: User, body: Json, uploads: Mapping[int, Upload] | None = None
    ) -> Interaction:
        """Send a user's request to the bot as an interaction.

        Args:
            user: Who asks.
            body: `type` (2 command, 3 component, 4 autocomplete, 5 form), `channel_id`,
                `message_id` for a component, `nonce`, and `data`:
                for a command or autocomplete `id`, `name`, `type`, `options` nested as Discord
                nests them (a file's value is its number), `target_id` of a menu;
                for a component `component_type`, `custom_id`, `values` of a select;
                for a form `id` (the interaction that opened it), `custom_id`, `components`.
            uploads: The files sent along, by their number.

        Raises:
            UsageError: No such command or component, or a value that isn't allowed.
            ApiError: The channel or message isn't the user's to see; a file is too large.

        """
        channel = self._world.channel(int(body["channel_id"]))
        self._world.demand(user, channel, Permission.VIEW_CHANNEL)
        resolved = Resolved(self._world, channel, uploads or {})
        data: Json = body["data"]
        nonce = body.get("nonce")
        kind = body.get("type")
        if kind in (COMMAND, AUTOCOMPLETE):
            made = await self._command(user, channel, data, resolved, kind == AUTOCOMPLETE)
            return self._interactions.start(kind, user, channel, made, nonce=nonce)
        if kind == COMPONENT:
            message = self._world.message(channel, int(body["message_id"]), user)
            made = _component(message.components, data, resolved)
            return self._interactions.start(kind, user, channel, made, message=message, nonce=nonce)
        if kind == MODAL_SUBMIT:
            opener = self._interactions.get(int(data["id"]))
            if opener.user is not user:
                raise errors.missing_permissions()
            made = await _form(opener, data, resolved)
            return self._interactions.start(
                kind, user, channel, made, message=opener.message, parent=opener, nonce=nonce
            )
        raise UsageError(f"There is no interaction of the type {kind}.")

    async def _command(
        self, user: User, channel: Channel, data: Json, resolved: Resolved, typing: bool
    ) -> Json:
        kind = data.get("type", options.CHAT_INPUT)
        command = self._commands.find(user, channel, str(data["id"]), kind)
        done: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command and channel.server is not None:
            done["guild_id"] = str(channel.server.id)
        if kind == options.MESSAGE_MENU:
            message = self._world.message(channel, int(data["target_id"]), user)
            done["target_id"] = resolved.message(message)
        elif kind == options.USER_MENU:
            done["target_id"] = resolved.thing(data["target_id"], (USERS,))
        else:
            path, sent = options.split_path(data.get("options") or ())
            known = options.find_options(command, path)
            values = _typed(known, sent) if typing else await _values(known, sent, resolved)
            done["options"] = options.nest_options(command, path, values)
        return _with_objects(done, resolved)


def _typed(known: list[Json], sent: list[Json]) -> list[Json]:
    """Return what is typed so far in a command's options, the focused one marked."""
    types = {option["name"]: option for option in known}
    focused = next((item["name"] for item in sent if item.get("focused")), None)
    if not types.get(focused, {}).get("autocomplete"):
        raise UsageError(f"“{focused}” offers no choices.")
    return [
        {"name": item["name"], "type": types[item["name"]]["type"], "value": item["value"]}
        | ({"focused": True} if item["name"] == focused else {})
        for item in sent
        if item["name"] in types
    ]


async def _values(known: list[Json], sent: list[Json], resolved: Resolved) -> list[Json]:
    """Check the values of a command's options, in the order that the command declares them."""
    left: dict[str, Any] = {item["name"]: item["value"] for item in sent}
    done: list[Json] = []
    for option in known:
        name, kind = option["name"], option["type"]
        if name not in left:
            if option.get("required"):
                raise UsageError(f"“{name}” is needed.")
            continue
        value = left.pop(name)
        if kind == options.ATTACHMENT:
            value = await resolved.file(value)
        elif kind in _NAMED_KINDS:
            value = resolved.thing(value, _NAMED_KINDS[kind])
        else:
            value = options.check_value(option, value)
        done.append({"name": name, "type": kind, "value": value})
    if left:
        raise UsageError(f"The command has no option “{next(iter(left))}”.")
    return done


def _component(shown: list[Json], data: Json, resolved: Resolved) -> Json:
    """Check the use of a button or select among a message's components."""
    custom_id, kind = data["custom_id"], data["component_type"]
    every = component_tree.walk(shown)
    found = next((item for item in every if item.get("custom_id") == custom_id), None)
    if found is None or found["type"] != kind:
        raise UsageError(f"The message has no “{custom_id}” of the type {kind}.")
    if found.get("disabled"):
        raise UsageError(f"“{custom_id}” is disabled.")
    done: Json = {"custom_id": custom_id, "component_type": kind, "id": found["id"]}
    if kind in component_tree.SELECTS:
        done["values"] = choose(found, data.get("values") or (), resolved)
    return _with_objects(done, resolved)


async def _form(opener: Interaction, data: Json, resolved: Resolved) -> Json:
    """Check a filled-in form against the one that the bot opened on `opener`."""
    if opener.modal is None:
        raise UsageError("The bot opened no form.")
    fields = [item for item in component_tree.walk(data["components"]) if "custom_id" in item]
    values = {
        item["custom_id"]: item["values"] if "values" in item else item.get("value")
        for item in fields
    }
    rows = await fill_form(opener.modal["components"], values, resolved)
    return _with_objects({"custom_id": opener.modal["custom_id"], "components": rows}, resolved)


def _with_objects(data: Json, resolved: Resolved) -> Json:
    objects = resolved.json()
    return data | {"resolved": objects} if objects else data
