"""The pictures that a message carries: attachments, forwarded ones, Discord's own previews.

A picture's bytes come from Discord and from nowhere else. An attachment is read by the client; of
a linked picture only the copy is fetched that Discord made for its preview, and only from Discord's
own hosts (or the configured CDN). A link in the text is never followed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import aiohttp
import discord
import yarl

from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config import Config

SPOILER_PREFIX = "SPOILER_"
"""Discord hides a file whose name begins so; a stored picture keeps its spoiler in its name."""

_SUFFIXES = {
    ".apng", ".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff",
    ".webp",
}  # fmt: skip
_DISCORD_HOSTS = {
    "cdn.discordapp.com",
    "media.discordapp.net",
    "images-ext-1.discordapp.net",
    "images-ext-2.discordapp.net",
}
_SPOILERED = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
_PREVIEW_SECONDS = 20
FETCH_SECONDS = 60
"""Seconds that an attachment may take; then its request is answered without it."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that may be looked at.

    `key` stays the same as long as the picture does. `name` is its file name, beginning with
    `SPOILER_` if it is hidden. `read` gives the bytes; it raises UserError. `of_page` is true for
    the picture in the preview of a linked page, which counts where somebody asks only.
    """

    key: str
    name: str
    read: Callable[[], Awaitable[bytes]]
    of_page: bool = False

    @property
    def title(self) -> str:
        """The file name as its poster knows it."""
        return self.name.removeprefix(SPOILER_PREFIX) or "picture"


def sources_of(message: discord.Message, config: Config) -> list[Source]:
    """Return the pictures of a message, then those of the messages forwarded in it."""
    found = _sources(message.attachments, message.embeds, message.content, config)
    for snapshot in message.message_snapshots:
        found += _sources(snapshot.attachments, snapshot.embeds, snapshot.content, config)
    return list({source.key: source for source in found}.values())


def attachment_source(attachment: discord.Attachment, config: Config) -> Source:
    """Return an attachment as a picture, whatever it claims to be."""
    name = attachment.filename
    if attachment.is_spoiler() and not name.startswith(SPOILER_PREFIX):
        name = SPOILER_PREFIX + name
    read = partial(_read_attachment, attachment, config.pictures.max_bytes)
    return Source(key=str(attachment.id), name=name, read=read)


def is_picture(attachment: discord.Attachment) -> bool:
    """Return whether an attachment claims to be a picture, by its type or its name."""
    if (attachment.content_type or "").startswith("image/"):
        return True
    return PurePosixPath(attachment.filename.lower()).suffix in _SUFFIXES


def is_spoiler(name: str) -> bool:
    """Return whether a picture of this file name is hidden."""
    return name.startswith(SPOILER_PREFIX)


def fetchable(url: str, config: Config) -> bool:
    """Return whether an address is one of Discord's own copies, so that it may be fetched."""
    try:
        address = yarl.URL(url)
    except ValueError:
        return False
    if config.discord.cdn:
        return address.origin() == yarl.URL(config.discord.cdn).origin() if address.host else False
    return address.scheme == "https" and address.host in _DISCORD_HOSTS


def _sources(
    attachments: Iterable[discord.Attachment],
    embeds: Iterable[discord.Embed],
    content: str,
    config: Config,
) -> list[Source]:
    found = [attachment_source(each, config) for each in attachments if is_picture(each)]
    hidden = " ".join(_SPOILERED.findall(content))
    for embed in embeds:
        url = embed.image.proxy_url or embed.thumbnail.proxy_url
        if url is None or not fetchable(url, config):
            continue
        name = _name_of(embed.url or url)
        if embed.url and embed.url in hidden:
            name = SPOILER_PREFIX + name
        read = partial(_read_preview, url, name, config.pictures.max_bytes)
        of_page = embed.type != "image"
        found.append(Source(url.split("?")[0], name, read, of_page=of_page))
    return found


def _name_of(url: str) -> str:
    name = PurePosixPath(unquote(yarl.URL(url).path)).name
    return name if PurePosixPath(name.lower()).suffix in _SUFFIXES else "linked picture"


async def _read_attachment(attachment: discord.Attachment, limit: int) -> bytes:
    if attachment.size > limit:
        raise UserError(_too_large(attachment.filename, limit))
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError):
        name = attachment.filename.removeprefix(SPOILER_PREFIX)
        raise UserError(f"{name} could not be fetched from Discord; post it again.") from None


async def _read_preview(url: str, name: str, limit: int) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_PREVIEW_SECONDS)
    data = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False, raise_for_status=True) as response,
        ):
            if response.status != 200:
                raise aiohttp.ClientPayloadError(f"status {response.status}")
            async for chunk in response.content.iter_chunked(_CHUNK):
                data += chunk
                if len(data) > limit:
                    raise UserError(_too_large(name, limit))
    except (TimeoutError, aiohttp.ClientError):
        title = name.removeprefix(SPOILER_PREFIX)
        raise UserError(
            f"Discord's preview of {title} could not be fetched; post the picture itself."
        ) from None
    return bytes(data)


def _too_large(name: str, limit: int) -> str:
    title = name.removeprefix(SPOILER_PREFIX)
    return f"{title} is larger than {limit / 2**20:.0f} MB; post a smaller version of it."
