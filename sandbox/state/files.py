"""Files: what is uploaded, how it is named, what a viewer needs to know of it; other sites' too."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from PIL import Image

from sandbox.state import errors
from sandbox.state.entities import DEFAULT_UPLOAD_LIMIT, Attachment, Channel
from sandbox.state.world import World

SPOILER = "SPOILER_"
"""A file whose name begins so is hidden until clicked."""

PROXY, EXTERNAL = "proxy", "external"
"""Where the proxy serves posted files, and those of other sites."""
SHOWN_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif")
"""Media types that Discord shows as pictures."""

_MIME = mimetypes.MimeTypes()
for _type, _suffix in (("image/webp", ".webp"), ("image/avif", ".avif"), ("image/apng", ".apng")):
    _MIME.add_type(_type, _suffix)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in: its name, its bytes, its alt text; a video's frame, a picture."""

    filename: str
    data: bytes = field(repr=False)
    description: str | None = None
    frame: bytes | None = field(default=None, repr=False)


def clean_name(filename: str, *, spoiler: bool = False) -> str:
    """Return a file name as Discord keeps it: one word; with its mark where it is a spoiler."""
    name = re.sub(r"[^\w.\-]+", "_", filename.replace("\\", "/").rsplit("/", 1)[-1]).strip(".")
    name = name or "unknown"
    return SPOILER + name if spoiler and not name.startswith(SPOILER) else name


def media_type(filename: str) -> str | None:
    """Return the media type that a file's name promises, None where it promises none."""
    return _MIME.guess_type(filename)[0]


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Return a picture's width and height, None for what Pillow can't open; reads the header."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except Exception:  # Pillow raises many kinds on what is no picture, and all mean the same
        return None


def check_size(channel: Channel, upload: Upload) -> None:
    """Refuse a file above the upload limit of a channel's server: ApiError 40005."""
    limit = channel.server.upload_limit if channel.server else DEFAULT_UPLOAD_LIMIT
    if len(upload.data) > limit:
        raise errors.too_large()


async def store(
    world: World, channel_id: int, upload: Upload, *, ephemeral: bool = False
) -> Attachment:
    """Store a file under an address of its own, which carries an expiry as Discord's do."""
    attachment_id = world.mint.make()
    filename = clean_name(upload.filename)
    folder = "ephemeral-attachments" if ephemeral else "attachments"
    now = int(time.time())
    signature = f"ex={now + 86_400:x}&is={now:x}&hm={secrets.token_hex(8)}"
    path = f"{folder}/{channel_id}/{attachment_id}/{quote(filename)}?{signature}"
    attachment = Attachment(
        attachment_id,
        filename,
        upload.data,
        media_type(filename),
        *await _shown_size(media_type(filename), upload),
        url=f"{world.cdn}/{path}",
        proxy_url=f"{world.cdn}/{PROXY}/{path}",
        description=upload.description,
        ephemeral=ephemeral,
        frame=upload.frame,
    )
    world.files[attachment_id] = attachment
    return attachment


async def put_online(world: World, url: str, data: bytes, frame: bytes | None = None) -> Attachment:
    """Let another site have a file at an address, of which Discord's proxy serves a copy."""
    number = world.mint.make()
    parts = urlsplit(url)
    name = parts.path.rsplit("/", 1)[-1] or parts.hostname or "unknown"
    kind = media_type(name) or await asyncio.to_thread(_recognised, data)
    upload = Upload(name, data, frame=frame)
    address = f"{number}/{parts.scheme}/{parts.netloc}{parts.path or '/'}"
    world.web[url] = world.files[number] = Attachment(
        number,
        name,
        data,
        kind,
        *await _shown_size(kind, upload),
        url=url,
        proxy_url=f"{world.cdn}/{EXTERNAL}/{address}",
        frame=frame,
    )
    return world.web[url]


def _recognised(data: bytes) -> str | None:
    """Return the media type of a picture by its bytes."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.get_format_mimetype()
    except Exception:  # as in `dimensions`
        return None


async def _shown_size(kind: str | None, upload: Upload) -> tuple[int | None, int | None]:
    """Return the width and height with which Discord shows a file: by what its name promises."""
    picture = upload.frame or (upload.data if kind in SHOWN_TYPES else b"")
    return await asyncio.to_thread(dimensions, picture) or (None, None)


async def proxied(attachment: Attachment, suffix: str, box: tuple[int, int] | None) -> bytes:
    """Return what Discord's proxy makes of a file: a still picture of a format and a size.

    Args:
        attachment: The file; of a video its frame is taken.
        suffix: `png`, `jpeg` or `webp`; the file itself where it is empty and no size is asked.
        box: The largest width and height, in pixels.

    """
    source = attachment.frame or attachment.data
    if not suffix and box is None:
        return attachment.data
    return await asyncio.to_thread(_convert, source, suffix, box)


def _convert(source: bytes, suffix: str, box: tuple[int, int] | None) -> bytes:
    with Image.open(io.BytesIO(source)) as picture:
        kind = suffix or (picture.format or "png")
        still = picture.convert("RGB" if kind.lower() == "jpeg" else "RGBA")
    if box is not None:
        still.thumbnail(box)
    out = io.BytesIO()
    still.save(out, kind)
    return out.getvalue()
