"""Sends the file of a crop to whoever may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.storage.crops import CropStore


async def send_crop(
    request: web.Request, crops: CropStore, name: str, *, small: bool
) -> web.Response:
    """Send the file of a crop, or its thumbnail; 404 where it is gone.

    A browser may keep it, and asks each time whether it still has it: what was erased is gone
    there too.
    """
    etag = f'"{name.rsplit("/", 1)[-1]}{"-small" if small else ""}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    data = await (crops.thumbnail(name) if small else crops.load(name))
    if data is None:
        raise web.HTTPNotFound
    return web.Response(body=data, content_type="image/webp", headers=headers)
