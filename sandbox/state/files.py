"""Posted files: what is uploaded, how it is named, what a viewer needs to know of it."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from PIL import Image

from sandbox.state import errors
from sandbox.state.entities import DEFAULT_UPLOAD_LIMIT, Attachment, Channel
from sandbox.state.world import World

SPOILER = "SPOILER_"
"""A file whose name begins so is hidden until clicked."""

_MIME = mimetypes.MimeTypes()
for _type, _suffix in (("image/webp", ".webp"), ("image/avif", ".avif"), ("image/apng", ".apng")):
    _MIME.add_type(_type, _suffix)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in: its name, its bytes, its alt text."""

    filename: str
    data: bytes = field(repr=False)
    description: str | None = None


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
    size = await asyncio.to_thread(dimensions, upload.data)
    attachment_id = world.mint.make()
    filename = clean_name(upload.filename)
    folder = "ephemeral-attachments" if ephemeral else "attachments"
    now = int(time.time())
    signature = f"ex={now + 86_400:x}&is={now:x}&hm={secrets.token_hex(8)}"
    attachment = Attachment(
        attachment_id,
        filename,
        upload.data,
        media_type(filename),
        size[0] if size else None,
        size[1] if size else None,
        f"{world.cdn}/{folder}/{channel_id}/{attachment_id}/{quote(filename)}?{signature}",
        upload.description,
        ephemeral,
    )
    world.files[attachment_id] = attachment
    return attachment
