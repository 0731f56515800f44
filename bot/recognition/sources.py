"""The pictures of a message: its files, stickers, layout components, and Discord's previews.

What a file is, its bytes say once it is read. Before that only this is known: whether a person sees
a picture there, and whether its poster means it for one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import discord
import yarl

from bot.errors import UserError
from bot.recognition.fetching import (
    SPOILER_PREFIX,
    attachment_bytes,
    copied_bytes,
    fetchable,
    titled,
)
from models.images.formats import promises_picture

if TYPE_CHECKING:
    from bot.config import Config

LOTTIE = "“{name}” is a sticker of moving shapes; I only look at pictures."


@dataclass(frozen=True, slots=True)
class Source:
    """A picture, or a file that may be one.

    `key` stays the same as long as the picture does. `name` is its file name, beginning with
    `SPOILER_` if it is hidden. `read` gives the bytes; it raises UserError.
    """

    key: str
    name: str
    read: Callable[[], Awaitable[bytes]]
    shown: bool = True
    """Whether a person sees a picture there, rather than the name of a file."""
    unasked: bool = True
    """Whether it is looked at in a watched channel too; a page's preview is not, nor a sticker."""
    meant: bool = True
    """Whether its poster means it for a picture: then what is wrong with it is always said. Of
    anything else it is only said where somebody asked and nothing else was found."""

    @property
    def title(self) -> str:
        """The file name as its poster knows it."""
        return titled(self.name)


def sources_of(message: discord.Message, config: Config, *, asks: bool = False) -> list[Source]:
    """Return whatever may be a picture in a message, then in those that are forwarded in it.

    What a person sees as a picture comes first. Of a message that itself `asks`, every file and
    sticker is meant.
    """
    found = [
        source
        for part in (message, *message.message_snapshots)
        for source in _sources(part, config, asks=asks)
    ]
    found.sort(key=lambda source: not source.shown)
    return list({source.key: source for source in found}.values())


def attachment_source(attachment: discord.Attachment, config: Config) -> Source:
    """Return a posted file, whatever it claims to be, as the picture that somebody means."""
    name = _hidden_name(attachment.filename, hidden=attachment.is_spoiler())
    return Source(str(attachment.id), name, partial(attachment_bytes, attachment, config))


def is_spoiler(name: str) -> bool:
    """Return whether a picture of this file name is hidden."""
    return name.startswith(SPOILER_PREFIX)


def _sources(
    part: discord.Message | discord.MessageSnapshot, config: Config, *, asks: bool
) -> Iterator[Source]:
    posted = [
        *(_attached(attachment, config) for attachment in part.attachments),
        *(_sticker(sticker, config) for sticker in part.stickers),
    ]
    yield from (replace(source, meant=asks or source.meant) for source in posted)
    yield from _shown_by_components(part.components, config)
    yield from _previews(part.embeds, config, hidden=_hides_a_link(part.content))


def _attached(attachment: discord.Attachment, config: Config) -> Source:
    source = attachment_source(attachment, config)
    return _as_shown(source, attachment.filename, attachment.content_type, attachment.width)


def _as_shown(source: Source, name: str, media_type: str | None, width: int | None) -> Source:
    """Return a file as what Discord shows of it; it knows the width of what it can show."""
    if promises_picture(name, media_type):
        return source
    kind = (media_type or "").partition("/")[0]
    if width and kind == "video":
        return replace(source, unasked=False)
    shown = bool(width) and kind in ("", "application")
    return replace(source, shown=shown, unasked=shown, meant=False)


def _shown_by_components(
    components: Iterable[object], config: Config, *, hidden: bool = False
) -> Iterator[Source]:
    """Yield the pictures of layout components: galleries, thumbnails beside texts, files."""
    for component in components:
        match component:
            case discord.Container():
                inside = hidden or component.spoiler
                yield from _shown_by_components(component.children, config, hidden=inside)
            case discord.SectionComponent():
                yield from _shown_by_components([component.accessory], config, hidden=hidden)
            case discord.MediaGalleryComponent():
                yield from _shown_by_components(component.items, config, hidden=hidden)
            case discord.ThumbnailComponent() | discord.MediaGalleryItem():
                media, inside = component.media, hidden or component.spoiler
                film = (media.content_type or "").startswith("video/")
                for source in _media(media, "", config, hidden=inside):
                    yield replace(source, unasked=not film, meant=False)
            case discord.FileComponent():
                media, inside = component.media, hidden or component.spoiler
                for source in _media(media, component.name or "", config, hidden=inside):
                    yield _as_shown(source, source.title, media.content_type, media.width)
            case _:
                pass


def _media(
    media: discord.UnfurledMediaItem, name: str, config: Config, *, hidden: bool
) -> Iterator[Source]:
    """Yield the picture of an address, if Discord has a copy of it."""
    proxy = media.proxy_url or ""
    url = media.url if fetchable(media.url, config) else proxy
    if fetchable(url, config):
        name = _hidden_name(name or _file_name(media.url), hidden=hidden or media.flags.spoiler)
        key = str(media.attachment_id or url.partition("?")[0])
        yield Source(key, name, partial(copied_bytes, url, name, config, proxy_url=proxy))


def _sticker(sticker: discord.StickerItem, config: Config) -> Source:
    key = f"sticker:{sticker.id}"
    if sticker.format is discord.StickerFormatType.lottie:
        read = partial(_refuse, LOTTIE.format(name=sticker.name))
        return Source(key, sticker.name, read, shown=False, unasked=False, meant=False)
    url = sticker.url
    if config.discord.cdn:  # where discord.py itself doesn't look for GIFs
        url = f"{config.discord.cdn}/stickers/{PurePosixPath(url).name}"
    read = partial(copied_bytes, url, sticker.name, config)
    return Source(key, sticker.name, read, unasked=False, meant=False)


async def _refuse(text: str) -> bytes:
    raise UserError(text)


def _previews(embeds: Sequence[discord.Embed], config: Config, *, hidden: bool) -> Iterator[Source]:
    for embed in embeds:
        url = embed.image.proxy_url or embed.thumbnail.proxy_url
        if url is None or not fetchable(url, config):
            continue
        name = _hidden_name(_linked_name(embed.url or url), hidden=hidden)
        read = partial(copied_bytes, url, name, config)
        unasked = embed.type == "image"
        yield Source(url.partition("?")[0], name, read, unasked=unasked, meant=False)


def _hides_a_link(content: str) -> bool:
    """Return whether a link may stand behind spoiler marks.

    Which preview belongs to which link can't be told from their addresses, and what counts as a
    mark not without all of Discord's rules; so one link between the first and the last mark hides
    every preview.
    """
    first, last = content.find("||"), content.rfind("||")
    return "://" in content[first + 2 : last] if first >= 0 else False


def _hidden_name(name: str, *, hidden: bool) -> str:
    return SPOILER_PREFIX + name if hidden and not is_spoiler(name) else name


def _linked_name(url: str) -> str:
    name = _file_name(url)
    return name if promises_picture(name) else "linked picture"


def _file_name(url: str) -> str:
    return PurePosixPath(unquote(yarl.URL(url).path)).name
