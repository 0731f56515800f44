"""How much an address or a key may ask for: requests and uploads a minute, uploads at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from web.problems import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

    from bot.config import WebConfig
    from bot.storage.records import ApiKey


def client_of(request: web.Request, config: WebConfig) -> str:
    """Return the address that a request comes from.

    What a proxy says is believed where the proxy is one of the configured ones; of the addresses
    that it passes on, the last that is none of them counts, as anybody may invent those before.
    """
    address = request.remote or ""
    if address not in config.proxies:
        return address
    passed_on = request.headers.get("X-Forwarded-For", "").split(",")
    for each in reversed([one.strip() for one in passed_on]):
        if each and each not in config.proxies:
            return each
    return address


class Limits:
    """Counts what addresses ask for; kept in memory, for a minute."""

    def __init__(self, config: WebConfig) -> None:
        self._config = config
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(config.requests_a_minute)
        self._crops = RateLimitItemPerMinute(config.crops_a_minute)
        self._uploads = RateLimitItemPerMinute(config.uploads_a_minute)
        self._batch = RateLimitItemPerMinute(config.batch_a_minute)
        self._open: Counter[str] = Counter()

    async def request(self, client: str) -> None:
        """Count a request. Raises ProblemError where there were too many."""
        await self._take(self._requests, "request", client)

    async def crop(self, client: str) -> None:
        """Count a crop of a face. Raises ProblemError where there were too many."""
        await self._take(self._crops, "crop", client)

    @asynccontextmanager
    async def upload(self, client: str, key: ApiKey | None = None) -> AsyncIterator[None]:
        """Count an upload while it lasts, of an address and of a key that it was asked with.

        Raises ProblemError where there are too many.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._upload(client, self._uploads))
            if key is not None:
                await stack.enter_async_context(self._upload(_of(key), self._uploads))
            yield

    async def uploads_left(self, client: str, key: ApiKey | None = None) -> dict[str, str]:
        """Return headers that say how many uploads a minute there may be, and how many are left."""
        counted = [client] if key is None else [client, _of(key)]
        stats = [
            await self._limiter.get_window_stats(self._uploads, "upload", each) for each in counted
        ]
        left = min(each.remaining for each in stats)
        return {"X-RateLimit-Limit": str(self._uploads.amount), "X-RateLimit-Remaining": str(left)}

    @asynccontextmanager
    async def batch(self, user_id: int) -> AsyncIterator[None]:
        """Count a picture of a batch while it lasts. Raises ProblemError where there are too many.

        Whoever sends a batch is known, so it is they who are counted.
        """
        async with self._upload(f"batch of {user_id}", self._batch):
            yield

    @asynccontextmanager
    async def _upload(self, client: str, most: RateLimitItemPerMinute) -> AsyncIterator[None]:
        if self._open[client] >= self._config.parallel_uploads:
            raise ProblemError(
                429,
                f"{self._config.parallel_uploads} of your pictures are being looked at: "
                "wait for one of them.",
                {"Retry-After": "2"},
            )
        self._open[client] += 1
        try:
            await self._take(most, "upload", client)
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    async def _take(self, item: RateLimitItemPerMinute, what: str, client: str) -> None:
        if not await self._limiter.hit(item, what, client):
            raise ProblemError(
                429,
                f"That were more than {item.amount} {what}s in a minute: wait a little.",
                {"Retry-After": "30"},
            )


def _of(key: ApiKey) -> str:
    return f"key {key.id}"
