"""Reads an uploaded picture: a multipart form's field `image`, or the bytes themselves."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aiohttp import BodyPartReader
from aiohttp.http_exceptions import HttpProcessingError

from bot.wording import one_line
from web.guard import LIMITS
from web.limits import client_of
from web.problems import ProblemError
from web.signing_in.person import key_of, server_asked, signed_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from bot.inference import IdentifiedPicture
    from web.site import Site

FIELD: Final = "image"
NAME_LENGTH: Final = 120


@asynccontextmanager
async def looked_at(
    request: web.Request, site: Site
) -> AsyncIterator[tuple[IdentifiedPicture, int | None]]:
    """Give the uploaded picture with its faces named, and the server as which knows them.

    The upload counts among those of its address while the context lasts. Raises ProblemError where
    whoever asks may have no picture looked at, and what `identify_upload` raises.
    """
    config = site.config.web
    if config.recognise == "off":
        raise ProblemError(403, "Pictures are not recognised here.")
    if config.recognise == "signed in":
        signed_in(request)
    server_id = await server_asked(request)
    client = client_of(request, config)
    async with request.app[LIMITS].upload(client, key_of(request)):
        # Uploads of one address take turns with those of others, as servers do.
        turn = zlib.crc32(client.encode()) + 1
        yield await identify_upload(request, site, turn, server_id), server_id


async def identify_upload(
    request: web.Request, site: Site, turn: int, server_id: int | None
) -> IdentifiedPicture:
    """Name the faces of the uploaded picture, as a server knows them or as in a direct message.

    Raises ProblemError, PictureError and InferenceError.
    """
    config = site.config
    name, data = await read_upload(request, config.pictures.max_bytes, config.web.upload_s)
    return await site.identify(data, name, turn, server_id)


async def read_upload(request: web.Request, most: int, seconds: float) -> tuple[str, bytes]:
    """Return the name and the bytes of an uploaded picture.

    Raises ProblemError where there is none, it has more than `most` bytes, or it has not come in
    whole within `seconds`.
    """
    if (request.content_length or 0) > most + 2**16:  # what a form adds to a file
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            # aiohttp's `content_type` takes a millisecond on the event loop for each new boundary.
            if request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
                return await _of_form(request, most)
            return "picture", await _limited(request.content.iter_chunked(2**16), most)
    except TimeoutError:
        late = f"The picture did not come in within {seconds:g} seconds."
        raise ProblemError(408, late) from None
    except (ValueError, HttpProcessingError):  # aiohttp's reader of forms, where it is none
        raise ProblemError(400, "That is no form that I can read.") from None


async def _of_form(request: web.Request, most: int) -> tuple[str, bytes]:
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == FIELD:
            return shown_name(part.filename or ""), await _limited(_chunks(part), most)
    raise ProblemError(400, f"There is no file in the field “{FIELD}”.")


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(2**16):
        yield chunk


async def _limited(chunks: AsyncIterator[bytes], most: int) -> bytes:
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > most:
            raise _too_large(most)
        # What is there already is read without a pause: uploads that come together would keep the
        # event loop from everybody else until all of them are read.
        await asyncio.sleep(0)
    return bytes(data)


def shown_name(name: str) -> str:
    """Return a file's name as it may be shown: one line, without a folder, cut short."""
    name = one_line(unquote(name)).replace("\\", "/").rsplit("/", 1)[-1].strip()
    return name[:NAME_LENGTH] or "picture"


def _too_large(most: int) -> ProblemError:
    return ProblemError(413, f"The picture has more than {most / 2**20:.0f} MB.")
