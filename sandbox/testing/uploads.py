"""Files and link previews as tests hand them over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state import files
from sandbox.state.files import Upload

if TYPE_CHECKING:
    from sandbox.state.entities import Json
    from sandbox.state.world import World

FileLike = Upload | tuple[str, bytes]
"""A file to post: its name and bytes, or an `Upload` with alt text."""


def as_upload(item: FileLike, *, spoiler: bool = False) -> Upload:
    """Turn a pair of name and bytes into an upload."""
    upload = item if isinstance(item, Upload) else Upload(*item)
    name = files.clean_name(upload.filename, spoiler=spoiler)
    return Upload(name, upload.data, upload.description)


async def link_preview(world: World, channel_id: int, url: str, data: bytes) -> Json:
    """Return the embed that Discord makes of a link to a picture, with its proxied copy."""
    name = url.partition("?")[0].rsplit("/", 1)[-1] or "picture.png"
    stored = await files.store(world, channel_id, Upload(name, data))
    proxied = stored.url.replace("/attachments/", "/external/").partition("?")[0]
    media: Json = {"url": url, "proxy_url": proxied}
    if stored.width is not None:
        media |= {"width": stored.width, "height": stored.height}
    return {"type": "image", "url": url, "thumbnail": media}
