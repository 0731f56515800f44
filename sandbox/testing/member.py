"""Members driven by code: they post, react, type commands, press buttons and fill in forms.

    ann = sandbox.member("ann")
    message = await ann.post("fan-art", "who is this?", files=[("a.png", data)])
    answer = await sandbox.answer_to(message)
    more = await ann.press(answer, "More")
    interaction = await ann.slash("general", "who", {"image": ("a.png", data)})
    answer = await sandbox.answer(interaction)

What a member may not do raises `ApiError` (Discord's rules) or, where there is no such command or
button or a value isn't allowed, its subclass `UsageError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.state.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from sandbox.state.options import MESSAGE_MENU, USER_MENU
from sandbox.state.permissions import Permission
from sandbox.testing import requests
from sandbox.testing.posting import message_body
from sandbox.testing.previews import link_embed
from sandbox.testing.uploads import as_uploads

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Message, Role, Server, Sticker, User
    from sandbox.state.files import Upload
    from sandbox.state.interaction import Interaction
    from sandbox.state.state import State
    from sandbox.testing.previews import LinkPreview
    from sandbox.testing.requests import OptionValue
    from sandbox.testing.uploads import FileLike


class Member:
    """A human in a server (and in direct messages), who does what Discord's users do.

    Channels are passed as objects or by name; messages as objects.
    """

    def __init__(self, state: State, user: User, server: Server) -> None:
        self._state = state
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
        preview: LinkPreview | tuple[str, bytes] | None = None,
        embeds: Iterable[Json] = (),
        components: Iterable[Json] = (),
        stickers: Iterable[Sticker] = (),
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
            embeds: What only another bot posts, in Discord's JSON.
            components: The same; layout components (v2) leave `content` and `embeds` empty.
            stickers: Up to three.

        """
        where = self._begin_in(channel)
        allowed = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        body = message_body(content, embeds, components) | {
            "allowed_mentions": allowed,
            "sticker_ids": [str(item.id) for item in stickers],
        }
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        made = [await link_embed(self._state.world, preview)] if preview else []
        return await self._state.messages.post(
            self.user, where, body, as_uploads(files, spoiler=spoiler), extra_embeds=made
        )

    async def forward(self, message: Message, channel: Channel | str) -> Message:
        """Forward a message into another channel."""
        where = self._begin_in(channel)
        reference = {
            "type": 1,
            "message_id": str(message.id),
            "channel_id": str(message.channel.id),
        }
        return await self._state.messages.post(self.user, where, {"message_reference": reference})

    async def edit(self, message: Message, content: str) -> Message:
        """Change the text of an own message."""
        self._begin()
        return await self._state.messages.edit(self.user, message, {"content": content})

    async def delete(self, *messages: Message) -> None:
        """Delete messages: own ones, or anybody's as a moderator; several count as in bulk."""
        self._begin()
        self._state.messages.delete(messages, self.user)

    async def remove_files(self, message: Message, *names: str) -> Message:
        """Take the files of these names off an own message; all where none is named."""
        self._begin()
        left = [each for each in message.attachments if names and each.filename not in names]
        body = {"attachments": [{"id": str(each.id)} for each in left]}
        return await self._state.messages.edit(self.user, message, body)

    async def react(self, message: Message, emoji: str) -> None:
        """Put a reaction under a message."""
        self._begin()
        self._state.reactions.add(self.user, message, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take an own reaction back."""
        self._begin()
        self._state.reactions.remove(self.user, message, emoji)

    async def type(self, channel: Channel | str) -> None:
        """Be seen typing."""
        self._state.channels.type(self.user, self._begin_in(channel))

    async def dm(self, other: User | None = None) -> Channel:
        """Open, or find, the direct message with the bot (or with somebody else)."""
        return self._state.world.direct_channel(self.user, other or self._state.world.bot)

    async def open_thread(
        self, channel: Channel | str, name: str, message: Message | None = None
    ) -> Channel:
        """Open a thread in a channel, on a message where one is named."""
        where = self._begin_in(channel)
        return self._state.channels.open_thread(self.user, where, name, message)

    def sees(self, channel: Channel | str) -> list[Message]:
        """Return a channel's messages as this user sees them, oldest first."""
        where = self._channel(channel)
        if not self._state.world.may(self.user, where, Permission.VIEW_CHANNEL):
            return []
        return [item for item in where.messages.values() if item.visible_to in (None, self.id)]

    # --- commands -------------------------------------------------------------------------------

    async def slash(
        self,
        channel: Channel | str,
        path: str | Sequence[str],
        options: Mapping[str, OptionValue] | None = None,
    ) -> Interaction:
        """Use a slash command; `path` is its name, and those of group and subcommand behind it.

        A file option takes an `Upload` or a pair of name and bytes; users, channels and roles are
        passed as objects (a `Member` too).
        """
        where = self._begin_in(channel)
        names = path.split() if isinstance(path, str) else list(path)
        command = self._state.commands.find(self.user, where, names[0])
        uploads: dict[int, Upload] = {}
        values = requests.option_values(options or {}, uploads)
        data = requests.command_data(command, names[1:], values)
        return await self._ask(COMMAND, where, data, uploads)

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
        where = self._begin_in(channel)
        names = path.split() if isinstance(path, str) else list(path)
        command = self._state.commands.find(self.user, where, names[0])
        typed = {focused: ""} | dict(options)
        values = requests.option_values(typed, {}, focused=focused)
        data = requests.command_data(command, names[1:], values)
        interaction = await self._ask(AUTOCOMPLETE, where, data)
        try:
            await self._state.stream.wait_for(
                lambda event: event.kind == "autocomplete" and event.interaction is interaction,
                timeout,
            )
        except TimeoutError:
            return []
        return interaction.choices or []

    async def menu(self, message: Message, name: str) -> Interaction:
        """Use a command of a message's menu."""
        return await self._menu(message.channel, MESSAGE_MENU, name, message.id)

    async def user_menu(
        self, channel: Channel | str, user: User | Member, name: str
    ) -> Interaction:
        """Use a command of a user's menu."""
        return await self._menu(channel, USER_MENU, name, user.id)

    async def _menu(
        self, channel: Channel | str, kind: int, name: str, target_id: int
    ) -> Interaction:
        where = self._begin_in(channel)
        command = self._state.commands.find(self.user, where, name, kind)
        data = requests.command_data(command) | {"target_id": str(target_id)}
        return await self._ask(COMMAND, where, data)

    # --- components and forms -------------------------------------------------------------------

    async def press(self, message: Message, wanted: str) -> Interaction:
        """Press a button, found by its `custom_id`, label or emoji."""
        self._begin()
        data = requests.press_data(message, wanted, self.user)
        return await self._ask(COMPONENT, message.channel, data, message=message)

    async def select(
        self,
        message: Message,
        wanted: str,
        values: Iterable[str | User | Member | Role | Channel],
    ) -> Interaction:
        """Choose in a select, found by its `custom_id` or placeholder.

        Options are named by value or label; users, roles and channels are passed as objects.
        """
        self._begin()
        data = requests.select_data(message, wanted, self.user, values)
        return await self._ask(COMPONENT, message.channel, data, message=message)

    async def submit(
        self, interaction: Interaction, values: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Send back the form (modal) that the bot opened on an interaction.

        `values` maps each field's `custom_id` or label to its text, to a list of a select's
        options, to a list of files, or to a bool; fields left out are empty or keep their default.
        """
        self._begin()
        uploads: dict[int, Upload] = {}
        data = requests.form_data(interaction, values or {}, uploads)
        return await self._ask(MODAL_SUBMIT, interaction.channel, data, uploads)

    # --- how it is done -------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin an action: what `wait_for` looks at begins here too."""
        self._state.stream.mark = self._state.stream.count

    def _begin_in(self, channel: Channel | str) -> Channel:
        """Begin an action in a channel, and return that."""
        self._begin()
        return self._channel(channel)

    def _channel(self, channel: Channel | str) -> Channel:
        return self.server.channel_named(channel) if isinstance(channel, str) else channel

    async def _ask(
        self,
        kind: int,
        where: Channel,
        data: Json,
        uploads: Mapping[int, Upload] | None = None,
        message: Message | None = None,
    ) -> Interaction:
        body: Json = {"type": kind, "channel_id": str(where.id), "data": data}
        if message is not None:
            body["message_id"] = str(message.id)
        return await self._state.requests.start(self.user, body, uploads)
