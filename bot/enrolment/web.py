"""A patient HTTP client for a service that publishes limits: one request at a time, paced.

What the service asks for is obeyed: `Retry-After` of a 429 or 503, and the rest of a minute whose
requests are used up (`X-RateLimit-Remaining: 0`). Failures that pass are tried again, later and
later. Requests carry no cookies, and credentials go to the service's own API alone.

Pictures are fetched from the service's own address, which the operator chose, and else from public
addresses of https alone. No redirect is followed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

import aiohttp
from yarl import URL

from bot.enrolment.found import PictureUnavailableError, SourceError
from bot.enrolment.public_addresses import may_be_public, public_connector

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

USER_AGENT: Final = f"Moedex/{version('moedex')} (a Discord bot that names anime characters)"
TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=15, sock_read=30)

TRIES: Final = 5
_FIRST_WAIT_S: Final = 2.0
_A_WINDOW_S: Final = 60.0
"""The window over which such services count requests."""
_LONGEST_WAIT_S: Final = 600.0
_LONGEST_ANSWER: Final = 8 * 2**20


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return so many seconds later."""
        ...


class SystemClock:
    """The system's time."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return so many seconds later."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status, its body, and its headers by name."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Web:
    """Requests to one service, at least `interval_s` seconds apart; its API is at `home`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        service: str,
        home: str,
        *,
        interval_s: float,
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._service = service
        self._home = URL(home)
        self._interval_s = interval_s
        self._clock = clock or SystemClock()
        self._next_at = 0.0
        self._turn = asyncio.Lock()

    async def ask(
        self,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        authorization: str = "",
    ) -> Answer:
        """Ask the API: GET, or POST where there is `json`; return whatever it answers for good.

        What passes, 429 and 5xx, is waited for. Raises SourceError where it doesn't pass.
        """
        answer, why = await self._patiently(
            url, _LONGEST_ANSWER, query=query, json=json, authorization=authorization
        )
        if answer is None:
            raise SourceError(f"{self._service} can't be reached: {why}. Try again later.")
        if len(answer.body) > _LONGEST_ANSWER:
            raise SourceError(f"{self._service} answered more than it should: it was left.")
        return answer

    async def download(self, url: str, most_bytes: int) -> bytes:
        """Return the file at an address that the service named. Raises PictureUnavailableError."""
        address = _address(url)
        at_home = address.absolute and address.origin() == self._home.origin()
        if not at_home and not may_be_public(address):
            raise PictureUnavailableError("its address is not a public one of https")
        if at_home:
            answer, why = await self._patiently(url, most_bytes)
        else:
            async with aiohttp.ClientSession(
                connector=public_connector(), cookie_jar=aiohttp.DummyCookieJar()
            ) as outside:
                answer, why = await self._patiently(url, most_bytes, session=outside)
        if answer is None:
            raise PictureUnavailableError(why, passing=True)
        if answer.status != 200:
            raise PictureUnavailableError(f"it was answered with {answer.status}")
        if len(answer.body) > most_bytes:
            raise PictureUnavailableError(f"it has more than {most_bytes / 2**20:.0f} MB")
        return answer.body

    async def _patiently(
        self, url: str, most_bytes: int, **options: Any
    ) -> tuple[Answer | None, str]:
        """Return an answer that isn't passing trouble, or None and what the trouble was."""
        why = ""
        for attempt in range(TRIES):
            wait = _FIRST_WAIT_S * 2**attempt
            try:
                answer = await self._in_turn(url, most_bytes, **options)
            except (aiohttp.ClientError, TimeoutError) as error:
                why = str(error) or type(error).__name__
            else:
                if answer.status != 429 and answer.status < 500:
                    return answer, ""
                why = f"it answered {answer.status}"
                asked = _seconds(answer.headers.get("Retry-After"))
                default = _A_WINDOW_S if answer.status == 429 else wait
                wait = default if asked is None else asked
            if attempt + 1 < TRIES:
                log.info("%s: %s; asking again in %.0f s", self._service, why, wait)
                self._next_at = max(self._next_at, self._clock.now() + min(wait, _LONGEST_WAIT_S))
        return None, why

    async def _in_turn(
        self,
        url: str,
        most_bytes: int,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        authorization: str = "",
        session: aiohttp.ClientSession | None = None,
    ) -> Answer:
        async with self._turn:
            left = self._next_at - self._clock.now()
            if left > 0:
                await self._clock.sleep(left)
            self._next_at = self._clock.now() + self._interval_s
            headers = {"User-Agent": USER_AGENT}
            if authorization:
                headers["Authorization"] = authorization
            async with (session or self._session).request(
                "GET" if json is None else "POST",
                url,
                params=query,
                json=json,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                body = await _read(response, most_bytes)
                self._obey(response.headers)
                return Answer(response.status, body, response.headers)

    def _obey(self, headers: Mapping[str, str]) -> None:
        """Wait for the next window where this one's requests are used up."""
        if headers.get("X-RateLimit-Remaining") != "0":
            return
        reset = _seconds(headers.get("X-RateLimit-Reset"))
        now = self._clock.now()
        until = reset if reset is not None and reset > now else now + _A_WINDOW_S
        self._next_at = max(self._next_at, min(until, now + _LONGEST_WAIT_S))


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body; of one that is too long, a byte more than `most` at least."""
    if (response.content_length or 0) > most:
        return bytes(most + 1)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(2**16):
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            break
    return b"".join(chunks)


def _address(url: str) -> URL:
    """Read what a service calls an address; an empty one where it is none."""
    try:
        return URL(url)
    except ValueError:
        return URL()


def _seconds(header: str | None) -> float | None:
    """Read a header of seconds; None where it says nothing, or a date."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
