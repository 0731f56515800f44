"""Downloads from Discord's CDN: never longer than they may, and resumed once if they break off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import aiohttp

CONNECT_S = 5.0
"""Seconds until a connection stands."""
READ_S = 8.0
"""Seconds without a byte after which a download has broken off."""
_CHUNK = 64 * 1024


class TooLargeError(Exception):
    """There are more bytes than may be taken."""


class DownloadError(Exception):
    """What was to be downloaded did not come, or not in time."""


async def download(
    url: str,
    *,
    most: int,
    seconds: float,
    enough: Callable[[bytearray], bool] = lambda data: False,
    connector: aiohttp.BaseConnector | None = None,
) -> bytes:
    """Return the bytes at an address, at most `most` of them, within `seconds`.

    A download that breaks off is resumed once. No redirect is followed. Where the first bytes are
    `enough`, the others are left. `connector` is the pool of connections to use, which stays open.

    Raises TooLargeError and DownloadError.
    """
    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=READ_S)
    data = bytearray()
    try:
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(
                connector=connector, connector_owner=connector is None, timeout=limits
            ) as session,
        ):
            try:
                await _read(session, url, data, most, enough)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                await _read(session, url, data, most, enough)
    except aiohttp.ClientResponseError as error:  # its own text has the address, with its signature
        raise DownloadError(f"status {error.status}") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise DownloadError(type(error).__name__) from error
    return bytes(data)


async def _read(
    session: aiohttp.ClientSession,
    url: str,
    data: bytearray,
    most: int,
    enough: Callable[[bytearray], bool],
) -> None:
    """Append what is missing of a file; begin anew where only the whole is given."""
    headers = {"Range": f"bytes={len(data)}-"} if data else {}
    async with session.get(
        url, headers=headers, allow_redirects=False, raise_for_status=True
    ) as response:
        if response.status == HTTPStatus.OK:
            data.clear()
        elif response.status != HTTPStatus.PARTIAL_CONTENT:
            raise aiohttp.ClientPayloadError(f"status {response.status}")
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if enough(data):
                return
            if len(data) > most:
                raise TooLargeError
