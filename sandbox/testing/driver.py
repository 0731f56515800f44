"""Members driven by code: they post, react, type commands, press buttons and fill in forms.

    ann = sandbox.member("ann")
    message = await ann.post("fan-art", "who is this?", files=[("a.png", data)])
    answer = await sandbox.answer_to(message)
    more = await ann.press(answer, "More")
    interaction = await ann.slash("general", "who", {"image": ("a.png", data)})
    answer = await sandbox.answer(interaction)

What a member may not do raises `ApiError` (Discord's rules) or `UsageError` (no such command or
button, a value that isn't allowed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.rest.payloads import message_json
from sandbox.state import components, errors, forms
from sandbox.state.commands import (
    ATTACHMENT,
    MESSAGE_MENU,
    USER_MENU,
    OptionValue,
    Resolved,
    UsageError,
    check_value,
    find_options,
    nest_options,
)
from sandbox.state.files import Upload
from sandbox.state.forms import FileLike, Filler, as_upload
from sandbox.state.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from sandbox.state.permissions import Permission
from sandbox.state.world import (
    Channel,
    Json,
    Message,
    Role,
    Server,
    User,
)

if TYPE_CHECKING:
    from sandbox.state.places import Places


class Member:
    """A human in a server (and in direct messages), who does what Discord's users do.

    Channels are given as objects or by name; messages as objects.
    """

    def __init__(self, sandbox: Places, user: User, server: Server) -> None:
        self._sandbox = sandbox
        self.user = user
        self.server = server

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """The text that mentions this user."""
        return f"<@{self.id}>"

    # --- messages -------------------------------------------------------------------------------

    async def post(
        self,
        channel: Channel | str,
        content: str = "",
        files: Iterable[FileLike] = (),
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        spoiler: bool = False,
        preview: tuple[str, bytes] | None = None,
    ) -> Message:
        """Post a message.

        Args:
            channel: Where.
            content: The text; `<@id>` mentions.
            files: What goes with it.
            reply_to: The message it replies to, in the same channel; `ping` its author or not.
            ping: See `reply_to`.
            spoiler: Hide every file until clicked.
            preview: A link's address and the picture behind it: the message carries Discord's own
                proxied preview of it as an embed. The address should stand in `content` too.

        """
        where = self._begin(channel)
        body: Json = {"content": content, "allowed_mentions": {"parse": ["users", "roles"]}}
        body["allowed_mentions"]["replied_user"] = ping
        if self._sandbox.world.may(self.user, where, Permission.MENTION_EVERYONE):
            body["allowed_mentions"]["parse"].append("everyone")
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        uploads = {number: as_upload(item, spoiler=spoiler) for number, item in enumerate(files)}
        embeds = [await forms.preview(self._sandbox.world, where.id, *preview)] if preview else []
        return await self._sandbox.actions.post(
            self.user, where, body, uploads, extra_embeds=embeds
        )

    async def forward(self, message: Message, channel: Channel | str) -> Message:
        """Forward a message into another channel."""
        where = self._begin(channel)
        reference = {
            "type": 1,
            "message_id": str(message.id),
            "channel_id": str(message.channel.id),
        }
        return await self._sandbox.actions.post(self.user, where, {"message_reference": reference})

    async def edit(self, message: Message, content: str) -> Message:
        """Change the text of an own message."""
        self._begin()
        return await self._sandbox.actions.edit(self.user, message, {"content": content})

    async def delete(self, *messages: Message) -> None:
        """Delete messages: own ones, or anybody's as a moderator; several count as in bulk."""
        self._begin()
        for message in messages:
            dismissed = message.visible_to == self.id
            if not dismissed and not self._sandbox.actions.may_delete(self.user, message):
                raise errors.missing_permissions()
        self._sandbox.actions.delete(messages, self.user)

    async def remove_files(self, message: Message) -> Message:
        """Take the files off an own message."""
        self._begin()
        return await self._sandbox.actions.edit(self.user, message, {"attachments": []})

    async def react(self, message: Message, emoji: str) -> None:
        """Put a reaction under a message."""
        self._begin()
        self._sandbox.actions.react(self.user, message, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take an own reaction back."""
        self._begin()
        self._sandbox.actions.unreact(self.user, message, emoji)

    async def type(self, channel: Channel | str) -> None:
        """Be seen typing."""
        self._sandbox.actions.type(self.user, self._begin(channel))

    async def dm(self, other: User | None = None) -> Channel:
        """Open, or find, the direct message with the bot (or with somebody else)."""
        return self._sandbox.world.direct_channel(self.user, other or self._sandbox.bot)

    async def open_thread(
        self, channel: Channel | str, name: str, message: Message | None = None
    ) -> Channel:
        """Open a thread in a channel, on a message where one is given."""
        where = self._begin(channel)
        return self._sandbox.actions.open_thread(self.user, where, name, message)

    def sees(self, channel: Channel | str) -> list[Message]:
        """Return a channel's messages as this user sees them, oldest first."""
        where = self._channel(channel)
        if not self._sandbox.world.may(self.user, where, Permission.VIEW_CHANNEL):
            return []
        return [item for item in where.messages.values() if item.visible_to in (None, self.id)]

    # --- commands -------------------------------------------------------------------------------

    async def slash(
        self,
        channel: Channel | str,
        path: str | Sequence[str],
        options: Mapping[str, OptionValue | tuple[str, bytes]] | None = None,
    ) -> Interaction:
        """Use a slash command; `path` is its name, and those of group and subcommand behind it.

        A file option takes an `Upload` or a pair of name and bytes; users, channels and roles are
        given as objects (a `Member` too).
        """
        where = self._begin(channel)
        names = path.split() if isinstance(path, str) else list(path)
        command = self._sandbox.commands.find(self.user, where, names[0])
        known = find_options(command, names[1:])
        given = dict(options or {})
        filler = Filler(self._sandbox.world, where)
        values: list[Json] = []
        for option in known:
            if option["name"] in given:
                value = await self._value(option, given.pop(option["name"]), where, filler)
                values.append({"name": option["name"], "type": option["type"], "value": value})
            elif option.get("required"):
                raise UsageError(f"“{option['name']}” is needed.")
        if given:
            raise UsageError(f"“{names[0]}” has no option “{next(iter(given))}”.")
        data = self._command_data(command, where) | {
            "options": nest_options(command, names[1:], values)
        }
        if objects := filler.resolved.json():
            data["resolved"] = objects
        return self._sandbox.interactions.start(COMMAND, self.user, where, data)

    async def autocomplete(
        self,
        channel: Channel | str,
        path: str | Sequence[str],
        options: Mapping[str, str | int | float | bool],
        focused: str,
        timeout: float = 3.0,  # noqa: ASYNC109 - how long a user's app waits for choices
    ) -> list[Json]:
        """Type in an option; returns the choices that the bot offers (`name`, `value`).

        `options` holds what is typed so far, that of `focused` included. Empty where the bot
        offers nothing in time.
        """
        where = self._begin(channel)
        names = path.split() if isinstance(path, str) else list(path)
        command = self._sandbox.commands.find(self.user, where, names[0])
        known = {item["name"]: item for item in find_options(command, names[1:])}
        if not known.get(focused, {}).get("autocomplete"):
            raise UsageError(f"“{focused}” offers no choices.")
        values: list[Json] = []
        for name, value in ({focused: ""} | dict(options)).items():
            entry: Json = {"name": name, "type": known[name]["type"], "value": value}
            values.append(entry | ({"focused": True} if name == focused else {}))
        data = self._command_data(command, where) | {
            "options": nest_options(command, names[1:], values)
        }
        interaction = self._sandbox.interactions.start(AUTOCOMPLETE, self.user, where, data)
        try:
            await self._sandbox.stream.wait_for(
                lambda event: event.kind == "autocomplete" and event.interaction is interaction,
                timeout,
            )
        except TimeoutError:
            return []
        return interaction.choices or []

    async def menu(self, message: Message, name: str) -> Interaction:
        """Use a command of a message's menu."""
        where = self._begin(message.channel)
        world = self._sandbox.world
        command = self._sandbox.commands.find(self.user, where, name, MESSAGE_MENU)
        data = self._command_data(command, where) | {
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message_json(world, message)}},
        }
        return self._sandbox.interactions.start(COMMAND, self.user, where, data)

    async def user_menu(
        self, channel: Channel | str, user: User | Member, name: str
    ) -> Interaction:
        """Use a command of a user's menu."""
        where = self._begin(channel)
        command = self._sandbox.commands.find(self.user, where, name, USER_MENU)
        target = user.user if isinstance(user, Member) else user
        resolved = Resolved()
        resolved.add(self._sandbox.world, where, target)
        data = self._command_data(command, where) | {
            "target_id": str(target.id),
            "resolved": resolved.json(),
        }
        return self._sandbox.interactions.start(COMMAND, self.user, where, data)

    # --- components and forms -------------------------------------------------------------------

    async def press(self, message: Message, wanted: str) -> Interaction:
        """Press a button, found by its `custom_id`, label or emoji."""
        button = self._component(message, wanted)
        if button["type"] != components.BUTTON:
            raise UsageError(f"“{wanted}” is no button.")
        return self._use(message, button, {})

    async def select(
        self,
        message: Message,
        wanted: str,
        values: Iterable[str | User | Member | Role | Channel],
    ) -> Interaction:
        """Choose in a select, found by its `custom_id` or placeholder.

        Options are given by value or label; users, roles and channels as objects.
        """
        select = self._component(message, wanted)
        if select["type"] not in components.SELECTS:
            raise UsageError(f"“{wanted}” is no select.")
        filler = Filler(self._sandbox.world, message.channel)
        data: Json = {"values": filler.choose(select, values)}
        if objects := filler.resolved.json():
            data["resolved"] = objects
        return self._use(message, select, data)

    async def submit(
        self, interaction: Interaction, values: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Send back the form (modal) that the bot opened on an interaction.

        `values` maps each field's `custom_id` or label to its text, to a list of a select's
        options, to a list of files, or to a bool; fields left out are empty or keep their default.
        """
        if interaction.modal is None:
            raise UsageError("The bot opened no form.")
        self._begin(interaction.channel)
        filler = Filler(self._sandbox.world, interaction.channel)
        rows = await filler.fill(interaction.modal["components"], values or {})
        data: Json = {"custom_id": interaction.modal["custom_id"], "components": rows}
        if objects := filler.resolved.json():
            data["resolved"] = objects
        return self._sandbox.interactions.start(
            MODAL_SUBMIT,
            self.user,
            interaction.channel,
            data,
            message=interaction.message,
            parent=interaction,
        )

    # --- how it is done -------------------------------------------------------------------------

    def _begin(self, channel: Channel | str | None = None) -> Channel:
        """Begin an action: what `wait_for` looks at begins here too."""
        self._sandbox.stream.mark = self._sandbox.stream.count
        return self._channel(channel) if channel is not None else self._sandbox.channel("general")

    def _channel(self, channel: Channel | str) -> Channel:
        return self._sandbox.channel(channel, self.server) if isinstance(channel, str) else channel

    def _command_data(self, command: Json, where: Channel) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command and where.server is not None:
            data["guild_id"] = str(where.server.id)
        return data

    async def _value(
        self, option: Json, value: Any, where: Channel, filler: Filler
    ) -> str | int | float | bool:
        world = self._sandbox.world
        if option["type"] == ATTACHMENT:
            if not isinstance(value, (tuple, Upload)):
                raise UsageError(f"“{option['name']}” is a file.")
            return filler.resolved.add(world, where, await filler.upload(value))
        if isinstance(value, Member):
            value = value.user
        if isinstance(value, (User, Role, Channel)):
            return filler.resolved.add(world, where, value)
        return check_value(option, value)

    def _component(self, message: Message, wanted: str) -> Json:
        self._begin(message.channel)
        if message.deleted or message.visible_to not in (None, self.id):
            raise UsageError("The message is gone.")
        found = components.find(message.components, wanted)
        if found is None:
            raise UsageError(f"The message has no “{wanted}”.")
        if found.get("disabled"):
            raise UsageError(f"“{wanted}” is disabled.")
        return found

    def _use(self, message: Message, component: Json, extra: Json) -> Interaction:
        data = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        } | extra
        return self._sandbox.interactions.start(
            COMPONENT, self.user, message.channel, data, message=message
        )
