"""A channel's webhook, as feeds and proxy bots (PluralKit, Tupperbox) post by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.state.entities import User
from sandbox.state.files import Upload
from sandbox.state.messages import Origin
from sandbox.testing.posting import message_body
from sandbox.testing.previews import link_embed
from sandbox.testing.uploads import as_uploads

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Message
    from sandbox.state.state import State
    from sandbox.testing.previews import LinkPreview
    from sandbox.testing.uploads import FileLike


class Webhook:
    """Posts into one channel under any name; it is nobody's account and needs no permission."""

    def __init__(self, state: State, channel: Channel) -> None:
        self._state = state
        self.channel = channel
        self.id = state.world.mint.make()

    async def post(
        self,
        name: str,
        content: str = "",
        files: Iterable[FileLike] = (),
        *,
        spoiler: bool = False,
        preview: LinkPreview | tuple[str, bytes] | None = None,
        embeds: Iterable[Json] = (),
        components: Iterable[Json] = (),
    ) -> Message:
        """Post under a name; for the rest see `Member.post`."""
        state = self._state
        state.stream.mark = state.stream.count
        author = User(self.id, name, name, bot=True)
        made = [await link_embed(state.world, preview)] if preview else []
        return await state.messages.post(
            author,
            self.channel,
            message_body(content, embeds, components),
            as_uploads(files, spoiler=spoiler),
            Origin(webhook_id=self.id),
            made,
        )

    async def stand_in(self, message: Message, name: str) -> Message:
        """Post a member's message again under a name, and delete the member's.

        So do PluralKit and Tupperbox with what is written in a character's name.
        """
        files = [
            Upload(item.filename, item.data, item.description, item.frame) for item in message.files
        ]
        again = await self.post(name, message.content, files)
        self._state.messages.delete([message], message.author)
        return again
