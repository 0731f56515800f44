"""A request to recognise: who asks, where, about which pictures, and where the answer goes.

Every way of asking makes one: a watched channel, a mention, a direct message, `!who`, `/who`, the
message menu, `/teach`, and a correction of an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bot.recognition.replies import FollowUpReply, InteractionReply, MessageReply

if TYPE_CHECKING:
    import discord

    from bot.recognition.replies import Reply
    from bot.recognition.sources import Source

Mode = Literal["identify", "embed", "correct"]
"""What is wanted: faces with names, faces to enrol a character by, or another name for a face."""

Found = tuple["discord.Message", Sequence["Source"]]
"""The message that a question is about, and its pictures."""
Finder = Callable[[], Awaitable[Found]]
"""Finds what a question is about, once it is known that it may be answered. Raises UserError."""


@dataclass(slots=True, eq=False)
class RecognitionRequest:
    """One request, as it is admitted, worked on and answered.

    `channel` is where it was asked. `prompt` is the message that asked, None for an interaction;
    `prompt_id` the id of that message or interaction. `message` carries the pictures, None where
    a command has them; where a question only points at it, `finder` finds it with its pictures.
    `origins` are the channels that corrected faces come from.
    `asked` is false where a channel is merely watched; with `tells_no_face` it is said there too of
    a picture that nobody is drawn in. `cancelled` turns true when one of the messages is deleted,
    or no longer asks. `late` is true for what was asked while the bot was away.
    """

    mode: Mode
    asker: discord.abc.User
    guild: discord.Guild | None
    channel: object
    channel_id: int
    prompt_id: int
    reply: Reply
    sources: Sequence[Source] = ()
    message: discord.Message | None = None
    finder: Finder | None = None
    prompt: discord.Message | None = None
    origins: Collection[int] = ()
    asked: bool = True
    tells_no_face: bool = True
    cancelled: bool = field(default=False, init=False)
    late: bool = field(default=False, init=False)

    async def find(self) -> None:
        """Find the pictures, where they are only pointed at. Raises UserError."""
        if self.finder is not None:
            self.message, self.sources = await self.finder()
            self.finder = None

    @property
    def server_id(self) -> int | None:
        """The server that it was asked in; None in a direct message."""
        return self.guild.id if self.guild else None

    @property
    def line(self) -> int:
        """Whose turn in the worker's queue it takes: the server's, or the conversation's."""
        return self.guild.id if self.guild else self.channel_id

    def concerns(self, message_ids: Collection[int]) -> bool:
        """Return whether one of the messages asked, or carries the pictures."""
        source = self.message.id if self.message else self.prompt_id
        return self.prompt_id in message_ids or source in message_ids


def by_message(
    prompt: discord.Message,
    sources: Sequence[Source] = (),
    *,
    about: discord.Message | None = None,
    finder: Finder | None = None,
    asked: bool = True,
    tells_no_face: bool = True,
) -> RecognitionRequest:
    """Return the request of a posted message, about its own pictures.

    Or those of the message `about`, or those that `finder` finds.
    """
    return RecognitionRequest(
        mode="identify",
        asker=prompt.author,
        guild=prompt.guild,
        channel=prompt.channel,
        channel_id=prompt.channel.id,
        prompt_id=prompt.id,
        reply=MessageReply(prompt),
        sources=sources,
        message=None if finder else about or prompt,
        finder=finder,
        prompt=prompt,
        asked=asked,
        tells_no_face=tells_no_face,
    )


def by_interaction(
    interaction: discord.Interaction,
    sources: Sequence[Source] = (),
    *,
    finder: Finder | None = None,
    ephemeral: bool,
) -> RecognitionRequest:
    """Return the request of a deferred command or menu, about `sources` or what `finder` finds."""
    reply = InteractionReply(interaction, ephemeral=ephemeral)
    return _by_interaction("identify", interaction, reply, sources=sources, finder=finder)


def to_enrol(
    interaction: discord.Interaction,
    sources: Sequence[Source],
    message: discord.Message | None = None,
) -> RecognitionRequest:
    """Return the request of a deferred `/teach`: the faces of its pictures, without names.

    `message` is the one that carries them, where they are posted.
    """
    reply = InteractionReply(interaction)
    request = _by_interaction("embed", interaction, reply, sources=sources)
    request.message = message
    return request


def to_correct(interaction: discord.Interaction, origins: Collection[int]) -> RecognitionRequest:
    """Return the request to name faces otherwise; `origins` are the channels they come from."""
    return _by_interaction("correct", interaction, FollowUpReply(interaction), origins=origins)


def _by_interaction(
    mode: Mode,
    interaction: discord.Interaction,
    reply: Reply,
    *,
    sources: Sequence[Source] = (),
    finder: Finder | None = None,
    origins: Collection[int] = (),
) -> RecognitionRequest:
    return RecognitionRequest(
        mode=mode,
        asker=interaction.user,
        guild=interaction.guild,
        channel=interaction.channel,
        channel_id=interaction.channel_id or 0,
        prompt_id=interaction.id,
        reply=reply,
        sources=sources,
        finder=finder,
        origins=origins,
    )
