"""Requests to Discord that failed for a moment are made again; what is refused is not.

discord.py waits for rate limits itself, and tries 500, 502 and 504 five times. It raises at once
what is made again here: 429 that comes from in front of Discord, 503, and cut connections. A
message keeps its nonce, by which Discord knows one that it has already.
"""

from __future__ import annotations

import logging
from asyncio import sleep
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.errors import in_one_line

if TYPE_CHECKING:
    from discord.http import HTTPClient, Route

log = logging.getLogger(__name__)

REFUSED = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError)
"""What nothing but a request that was not carried out raises."""
FAILED = (*REFUSED, OSError, TimeoutError)
"""What a request to Discord raises that was not carried out."""
WAITS_S = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try."""

_LONGEST_WAIT_S = 10.0
ALREADY_ACKNOWLEDGED = 40060
"""The code of Discord's where an interaction is answered that was answered before."""


def may_pass(error: BaseException) -> bool:
    """Say whether a failed request may succeed when it is made again in a moment."""
    if isinstance(error, discord.HTTPException):
        # A 429 with a code of Discord's is a refusal, as of the edits of an old message.
        return error.status == 503 or (error.status == 429 and not error.code)
    return isinstance(error, (aiohttp.ClientError, OSError, TimeoutError))


def make_patient(http: HTTPClient) -> None:
    """Let a client's requests be made again."""
    request = http.request

    async def patient(
        route: Route, *, files: Iterable[discord.File] | None = None, **options: Any
    ) -> Any:
        files = list(files or ())
        return await _again(lambda: request(route, files=files, **options), files)

    http.request = patient


class PatientWebhooks(AsyncWebhookAdapter):
    """What answers interactions, whose requests are made again too."""

    async def request(
        self,
        route: Route,
        session: aiohttp.ClientSession,
        *,
        files: Iterable[discord.File] | None = None,
        **options: Any,
    ) -> Any:
        """Make a request; see `AsyncWebhookAdapter.request`.

        A further message on an interaction has no nonce: where it can't be known whether Discord
        has it, it is not sent again.
        """
        files, failed = list(files or ()), 0

        async def once() -> Any:
            nonlocal failed
            try:
                return await super(PatientWebhooks, self).request(
                    route, session, files=files, **options
                )
            except discord.HTTPException as error:
                if not failed or error.code != ALREADY_ACKNOWLEDGED:
                    raise
                # An earlier try got through, and its answer was lost.
                return {"interaction": {"id": str(route.webhook_id)}}
            finally:
                failed += 1

        if route.method == "POST" and route.path.startswith("/webhooks/"):
            return await once()
        return await _again(once, files)


async def _again(request: Callable[[], Awaitable[Any]], files: Iterable[discord.File]) -> Any:
    for wait in WAITS_S:
        try:
            return await request()
        except FAILED as error:
            told = _retry_after(error)
            if not may_pass(error) or told > _LONGEST_WAIT_S:
                raise
            log.debug("A request is made again: %s", in_one_line(error))
            await sleep(max(wait, told))
        for file in files:
            file.reset()
    return await request()


def _retry_after(error: Exception) -> float:
    """Return how many seconds an error asks to wait; 0 where it says nothing."""
    response = getattr(error, "response", None)
    try:
        return float(response.headers["Retry-After"]) if response is not None else 0.0
    except (LookupError, ValueError):
        return 0.0
