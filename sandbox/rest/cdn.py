"""Files over HTTP, as Discord's CDN serves them: attachments, linked pictures, default avatars."""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from sandbox.state.world import World

AVATAR_SIDE = 96
_AVATAR_COLORS = ("#5865f2", "#747f8d", "#43b581", "#faa61a", "#f04747", "#eb459e")


class Cdn:
    """Serves what was posted, as long as its message exists."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        for folder in ("attachments", "ephemeral-attachments", "external"):
            router.add_get(f"/{folder}/{{place}}/{{file_id}}/{{name}}", self.file)
        router.add_get("/embed/avatars/{number}.png", self.avatar)
        router.add_get("/avatars/{user_id}/{hash}.png", self.avatar)

    async def file(self, request: web.Request) -> web.Response:
        """Send a file; 404 once its message is deleted, or where the address is wrong."""
        info = request.match_info
        attachment = None
        if info["file_id"].isdecimal():
            attachment = self._world.files.get(int(info["file_id"]))
        if attachment is None or attachment.filename != info["name"]:
            raise web.HTTPNotFound(text="This content is no longer available.")
        media_type = attachment.content_type or "application/octet-stream"
        shown = media_type.startswith("image/") and "svg" not in media_type
        return web.Response(
            body=attachment.data,
            content_type=media_type,
            headers={
                "Content-Disposition": "inline" if shown else "attachment",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def avatar(self, request: web.Request) -> web.Response:
        """Send a plain picture for a user without one."""
        number = request.match_info.get("number") or request.match_info["user_id"]
        index = int(number) if number.isdecimal() else 0
        color = _AVATAR_COLORS[(index if index < 100 else index >> 22) % len(_AVATAR_COLORS)]
        data = await asyncio.to_thread(_draw_avatar, color)
        return web.Response(body=data, content_type="image/png")


@lru_cache
def _draw_avatar(color: str) -> bytes:
    picture = Image.new("RGB", (AVATAR_SIDE, AVATAR_SIDE), color)
    draw = ImageDraw.Draw(picture)
    middle = AVATAR_SIDE / 2
    draw.circle((middle, 36), 17, "white")
    draw.circle((middle, 100), 40, "white")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
