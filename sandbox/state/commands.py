"""Application commands: what the bot registered, and who is offered which."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.state import errors
from sandbox.state.errors import UsageError
from sandbox.state.options import CHAT_INPUT, GROUP
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, User
    from sandbox.state.world import World

_NAME = re.compile(r"^[-_'\w]{1,32}$")


class Commands:
    """The bot's registered commands, global ones and those of single servers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_server: dict[int | None, list[Json]] = {None: []}

    def all(self, server_id: int | None = None) -> list[Json]:
        """Return the commands registered globally, or for one server."""
        return self._by_server.get(server_id, [])

    def replace(self, bodies: Sequence[Json], server_id: int | None = None) -> list[Json]:
        """Register these instead of what was; those that stay keep their ids."""
        known = {(item["type"], item["name"]): item["id"] for item in self.all(server_id)}
        made = [self._make(body, known, server_id) for body in bodies]
        keys = [(item["type"], item["name"]) for item in made]
        if len(set(keys)) != len(keys):
            raise errors.invalid_form(
                "name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Command names must be unique"
            )
        self._by_server[server_id] = made
        return made

    def add(self, body: Json, server_id: int | None = None) -> Json:
        """Register one more, in place of one of its type and name."""
        kind = body.get("type") or CHAT_INPUT
        others = [
            item
            for item in self.all(server_id)
            if (item["type"], item["name"]) != (kind, body["name"])
        ]
        known = {(item["type"], item["name"]): item["id"] for item in self.all(server_id)}
        command = self._make(body, known, server_id)
        self._by_server[server_id] = [*others, command]
        return command

    def remove(self, command_id: int, server_id: int | None = None) -> None:
        """Take a command back; ApiError 10063 where there is none."""
        left = [item for item in self.all(server_id) if int(item["id"]) != command_id]
        if len(left) == len(self.all(server_id)):
            raise errors.unknown_command()
        self._by_server[server_id] = left

    def get(self, command_id: int, server_id: int | None = None) -> Json:
        """Return a command by its id; ApiError 10063 where there is none."""
        for item in self.all(server_id):
            if int(item["id"]) == command_id:
                return item
        raise errors.unknown_command()

    def visible(self, user: User, channel: Channel) -> list[Json]:
        """Return the commands that a user is offered in a channel."""
        every = list(self.all())
        if channel.server is not None:
            own = self.all(channel.server.id)
            names = {(item["type"], item["name"]) for item in own}
            every = own + [item for item in every if (item["type"], item["name"]) not in names]
        return [item for item in every if self._offered(item, user, channel)]

    def find(self, user: User, channel: Channel, name: str, kind: int = CHAT_INPUT) -> Json:
        """Return the command that a user is offered by a name (or id); UsageError if none."""
        for item in self.visible(user, channel):
            if item["type"] == kind and name in (item["name"], item["id"]):
                return item
        raise UsageError(f"There is no command “{name}” for {user.display_name} here.")

    def _offered(self, command: Json, user: User, channel: Channel) -> bool:
        contexts = command.get("contexts")
        if channel.server is None:
            return 1 in contexts if contexts is not None else command["dm_permission"]
        if contexts is not None and 0 not in contexts:
            return False
        granted = self._world.permissions(user, channel)
        if Permission.USE_APPLICATION_COMMANDS not in granted:
            return False
        if command["nsfw"] and not channel.age_restricted:
            return False
        needed = command["default_member_permissions"]
        if needed is None:
            return True
        # "0" means nobody but administrators; the owner has every bit
        return int(needed) & int(granted) == int(needed) and (
            int(needed) != 0 or Permission.ADMINISTRATOR in granted
        )

    def _make(self, body: Json, known: Mapping[Any, str], server_id: int | None) -> Json:
        kind = body.get("type") or CHAT_INPUT
        name = body.get("name") or ""
        plain = kind == CHAT_INPUT
        if not (_NAME.match(name) and name == name.lower() if plain else 1 <= len(name) <= 32):
            raise errors.invalid_form(
                "name", "APPLICATION_COMMAND_INVALID_NAME", f"Command name is invalid: {name}"
            )
        description = body.get("description") or ""
        if plain != bool(1 <= len(description) <= 100):
            raise errors.invalid_form(
                "description", "BASE_TYPE_BAD_LENGTH", f"{name}: Must be between 1 and 100."
            )
        options = body.get("options") or []
        _check_options(options, name)
        mint = self._world.mint
        dm_permission = body.get("dm_permission")
        needed = body.get("default_member_permissions")
        command: Json = {
            "id": known.get((kind, name)) or str(mint.make()),
            "application_id": str(self._world.bot.id),
            "version": str(mint.make()),
            "type": kind,
            "name": name,
            "name_localizations": body.get("name_localizations"),
            "description": description,
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if needed is None else str(needed),
            "nsfw": bool(body.get("nsfw")),
            "dm_permission": True if dm_permission is None else dm_permission,
            "contexts": body.get("contexts"),
            "integration_types": body.get("integration_types") or [0],
        }
        if options:
            command["options"] = [_without_nulls(option) for option in options]
        if server_id is not None:
            command["guild_id"] = str(server_id)
        return command


def _without_nulls(option: Json) -> Json:
    done = {key: value for key, value in option.items() if value is not None}
    for key in ("options", "choices"):
        if key in done:
            done[key] = [_without_nulls(item) for item in done[key]]
    return done


def _check_options(options: Sequence[Json], where: str) -> None:
    if len(options) > 25:
        raise errors.invalid_form("options", "BASE_TYPE_MAX_LENGTH", f"{where}: 25 or fewer.")
    optional_before = False
    for option in options:
        name = f"{where} {option.get('name')}"
        if not _NAME.match(option.get("name") or ""):
            raise errors.invalid_form("options.name", "APPLICATION_COMMAND_INVALID_NAME", name)
        if not 1 <= len(option.get("description") or "") <= 100:
            raise errors.invalid_form("options.description", "BASE_TYPE_BAD_LENGTH", name)
        if len(option.get("choices") or ()) > 25:
            raise errors.invalid_form("options.choices", "BASE_TYPE_MAX_LENGTH", name)
        if option.get("required") and optional_before:
            raise errors.invalid_form(
                "options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", f"{name}: required last"
            )
        optional_before |= option["type"] > GROUP and not option.get("required")
        _check_options(option.get("options") or [], name)
