"""Files over HTTP, as Discord's CDN and its media proxy serve them.

Attachments and stickers, pictures of other sites, default avatars. The proxy takes `format` (`png`,
`jpeg`, `webp`), `width` and `height`, and answers with a still picture; of a video, its frame.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image, ImageDraw

from sandbox.rest.api import cut
from sandbox.state import files
from sandbox.state.files import EXTERNAL, PROXY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.state.entities import Attachment
    from sandbox.state.world import World

AVATAR_SIDE = 96
_STILLS = ("png", "jpeg", "webp")
_AVATAR_COLORS = ("#5865f2", "#747f8d", "#43b581", "#faa61a", "#f04747", "#eb459e")


@dataclass(slots=True)
class BrokenDownload:
    """What happens to the next `times` downloads: `sent` bytes come, then nothing for a while.

    After `stall` seconds the rest follows; None cuts the connection at once. `met` counts those,
    `starts` are the bytes from which all downloads so far began.
    """

    sent: int
    stall: float | None
    times: int
    met: int = 0
    starts: list[int] = field(default_factory=list)


class Cdn:
    """Serves what was posted, as long as its message exists; posted files from a byte on too."""

    def __init__(self, world: World, broken: Callable[[str, int], BrokenDownload | None]) -> None:
        """Serve a world's files; `broken` says what happens to a file's download from a byte on."""
        self._world = world
        self._broken = broken

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        for folder in ("attachments", "ephemeral-attachments"):
            router.add_get(f"/{folder}/{{place}}/{{file_id}}/{{name}}", self.file)
            router.add_get(f"/{PROXY}/{folder}/{{place}}/{{file_id}}/{{name}}", self.proxied)
        router.add_get(f"/{EXTERNAL}/{{file_id}}/{{name:.+}}", self.proxied)
        router.add_get("/stickers/{sticker_id}.{suffix}", self.sticker)
        router.add_get("/embed/avatars/{number}.png", self.avatar)
        router.add_get("/avatars/{user_id}/{hash}.png", self.avatar)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Send a file; 404 once its message is deleted, or where the address is wrong."""
        attachment = self._attachment(request)
        if attachment.filename != request.match_info["name"]:
            raise _gone()
        start = _start(request)
        answer = _answer(attachment.data[start:], attachment.content_type)
        if start:
            size = len(attachment.data)
            answer.set_status(206)
            answer.headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        broken = self._broken(attachment.filename, start)
        return answer if broken is None else await _break(request, answer, broken)

    async def proxied(self, request: web.Request) -> web.Response:
        """Send a file, or a still picture of it; 415 where it can't be made one."""
        attachment = self._attachment(request)
        suffix = request.query.get("format", "")
        sides = [request.query.get(key, "") for key in ("width", "height")]
        box = (int(sides[0]), int(sides[1])) if all(map(str.isdecimal, sides)) else None
        if suffix not in ("", *_STILLS):
            raise web.HTTPBadRequest(text="Unsupported format.")
        try:
            data = await files.proxied(attachment, suffix, box)
        except OSError as error:
            raise web.HTTPUnsupportedMediaType(text="This is no picture.") from error
        return _answer(data, f"image/{suffix}" if suffix else attachment.content_type)

    async def sticker(self, request: web.Request) -> web.Response:
        """Send a sticker's file."""
        number = request.match_info["sticker_id"]
        sticker = self._world.stickers.get(int(number)) if number.isdecimal() else None
        if sticker is None or sticker.format.suffix != request.match_info["suffix"]:
            raise _gone()
        return _answer(sticker.data, files.media_type(f"sticker.{sticker.format.suffix}"))

    def _attachment(self, request: web.Request) -> Attachment:
        number = request.match_info["file_id"]
        attachment = self._world.files.get(int(number)) if number.isdecimal() else None
        if attachment is None:
            raise _gone()
        return attachment

    async def avatar(self, request: web.Request) -> web.Response:
        """Send a plain picture of a user, whatever its hash."""
        number = request.match_info.get("number") or request.match_info["user_id"]
        index = int(number) if number.isdecimal() else 0
        color = _AVATAR_COLORS[(index if index < 100 else index >> 22) % len(_AVATAR_COLORS)]
        data = await asyncio.to_thread(_draw_avatar, color)
        return web.Response(body=data, content_type="image/png")


def _start(request: web.Request) -> int:
    """Return the byte that a request wants a file from; what is no such wish gets it whole."""
    try:
        return max(0, request.http_range.start or 0)
    except ValueError:
        return 0


async def _break(
    request: web.Request, answer: web.Response, broken: BrokenDownload
) -> web.StreamResponse:
    """Send an answer in two parts with a pause between, or its first part alone."""
    data = bytes(answer.body or b"")  # pyright: ignore[reportArgumentType] - as `_answer` gave it
    response = web.StreamResponse(
        status=answer.status, headers={**answer.headers, "Content-Length": str(len(data))}
    )
    await response.prepare(request)
    await response.write(data[: broken.sent])
    if broken.stall is None:
        cut(request)
        return response
    await asyncio.sleep(broken.stall)
    await response.write(data[broken.sent :])
    return response


def _gone() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="This content is no longer available.")


def _answer(data: bytes, content_type: str | None) -> web.Response:
    media_type = content_type or "application/octet-stream"
    shown = media_type.startswith(("image/", "video/")) and "svg" not in media_type
    return web.Response(
        body=data,
        content_type=media_type,
        headers={
            "Content-Disposition": "inline" if shown else "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


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
