"""Reads the bytes of a picture: from Discord, and from nowhere else.

A posted file is read by the client. Of anything else only the copy is fetched that Discord keeps,
and only from Discord's own hosts (or the configured CDN): no link in a text is ever followed.
Of a video, what Discord shows of it is read: the frame that it makes of every film.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import yarl

from bot.errors import UserError
from bot.recognition.downloads import DownloadError, TooLargeError, download
from models.images.formats import is_video

if TYPE_CHECKING:
    import aiohttp
    import discord

    from bot.config import Config

log = logging.getLogger(__name__)

SPOILER_PREFIX = "SPOILER_"
"""Discord hides a file whose name begins so; a stored picture keeps its spoiler in its name."""

_HOSTS = {
    "cdn.discordapp.com",
    "media.discordapp.net",
    "images-ext-1.discordapp.net",
    "images-ext-2.discordapp.net",
}


def fetchable(url: str, config: Config) -> bool:
    """Return whether an address is one of Discord's own copies, so that it may be fetched."""
    try:
        address = yarl.URL(url)
    except ValueError:
        return False
    if config.discord.cdn:
        return address.origin() == yarl.URL(config.discord.cdn).origin() if address.host else False
    return address.scheme == "https" and address.host in _HOSTS


def titled(name: str) -> str:
    """Return a file name as its poster knows it."""
    return name.removeprefix(SPOILER_PREFIX) or "picture"


async def attachment_bytes(attachment: discord.Attachment, config: Config) -> bytes:
    """Return a posted file, or the frame that Discord shows of it. Raises UserError."""
    limit, name = config.pictures.max_bytes, attachment.filename
    if attachment.size > limit:
        film = (attachment.content_type or "").startswith("video/")
        frame = await _frame(attachment.proxy_url, name, config) if film else None
        if frame is None:
            raise UserError(_too_large(name, limit))
        return frame
    failed = f"{titled(name)} could not be fetched from Discord; post it again."
    # The client's own connections, which stand already.
    data = await _fetched(attachment.url, name, config, failed, attachment._http.connector)
    frame = await _frame(attachment.proxy_url, name, config) if is_video(data) else None
    return data if frame is None else frame


async def copied_bytes(url: str, name: str, config: Config, *, proxy_url: str = "") -> bytes:
    """Return the copy that Discord keeps at an address, which is fetchable. Raises UserError.

    Where it is a video, the frame that Discord makes at `proxy_url` is returned if there is one.
    """
    data = await _fetched(url, name, config, _no_preview(name))
    frame = await _frame(proxy_url or url, name, config) if is_video(data) else None
    return data if frame is None else frame


async def _frame(proxy_url: str, name: str, config: Config) -> bytes | None:
    """Return the frame that Discord's proxy shows of a video; None where it shows none."""
    if not fetchable(proxy_url, config):
        return None
    address = yarl.URL(proxy_url).update_query(format="webp")
    try:
        data = await _fetched(str(address), name, config, _no_preview(name))
    except UserError:
        return None
    return None if is_video(data) else data


async def _fetched(
    url: str,
    name: str,
    config: Config,
    failed: str,
    connector: aiohttp.BaseConnector | None = None,
) -> bytes:
    """Return what is at an address; of a video only the beginning, which says that it is one."""
    limit = config.pictures.max_bytes
    try:
        return await download(
            url,
            most=limit,
            seconds=config.inference.timeout_s,
            enough=is_video,
            connector=connector,
        )
    except TooLargeError:
        raise UserError(_too_large(name, limit)) from None
    except DownloadError as error:
        log.info("A picture could not be fetched: %s", error)
        raise UserError(failed) from None


def _no_preview(name: str) -> str:
    return f"Discord's preview of {titled(name)} could not be fetched; post the picture itself."


def _too_large(name: str, limit: int) -> str:
    return f"{titled(name)} is larger than {limit / 2**20:.0f} MB; post a smaller version of it."
