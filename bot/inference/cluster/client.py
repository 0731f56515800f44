"""The bot's side of a cluster: asks one address after the other, and leaves lost ones alone.

Nothing here blocks the event loop: requests are aiohttp's, and bodies are read in threads.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self, TypeVar

import aiohttp

from bot.backoff import waits
from bot.errors import in_one_line
from bot.inference.cluster.frames import ShownFrames
from bot.inference.cluster.wire import (
    MOST_CROPS,
    SETTINGS,
    WireError,
    pack_crops,
    unpack_found,
    unpack_picture_error,
    unpack_vectors,
)
from bot.metrics import CLUSTER_REQUESTS
from models.images.decoding import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from bot.inference.finding import Intake
    from bot.inference.stages import FoundFaces
    from models.types import Vectors

Read = TypeVar("Read")

log = logging.getLogger(__name__)

_CONNECT_S: Final = 2.0
_LOOK_S: Final = 10.0
_REST_S: Final = (1.0, 60.0)
"""Seconds that a lost address is left alone: the first time, and at most."""


class ClusterAway(Exception):  # noqa: N818 - named after what is the case
    """No cluster answers; the text says why."""


class _Address:
    """One address, and until when it is left alone."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._waits: Iterator[float] | None = None
        self._until = 0.0

    @property
    def rests(self) -> bool:
        return time.monotonic() < self._until

    def lost(self, why: str) -> None:
        """Leave it alone for a while; said once."""
        if self._waits is None:
            log.warning("The cluster %s is away: %s", self.url, why)
            self._waits = waits(*_REST_S)
        self._until = time.monotonic() + next(self._waits)

    def back(self) -> None:
        if self._waits is not None:
            log.info("The cluster %s is there", self.url)
        self._waits, self._until = None, 0.0


class ClusterClient:
    """Asks clusters. `settings` is the fingerprint that they must have as well."""

    def __init__(
        self, addresses: Sequence[str], settings: str, intake: Intake, timeout_s: float
    ) -> None:
        self._intake = intake
        self._addresses = [_Address(each) for each in addresses]
        self._headers = {SETTINGS: settings}
        # Half of a picture's time: enough is left to ask another one.
        self._timeout = aiohttp.ClientTimeout(total=timeout_s / 2, connect=_CONNECT_S)
        self._turn = 0

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(timeout=self._timeout, connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def find(self, data: bytes, name: str) -> FoundFaces:
        """Take a picture in. Raises PictureError, and ClusterAway."""
        since = time.perf_counter()
        frames = partial(ShownFrames, data, name, self._intake)
        found = await self._ask("/find", data, partial(unpack_found, frames=frames), name=name)
        # What is not the cluster's own work: the way there and back, and its queue.
        found.seconds["cluster"] = time.perf_counter() - since - sum(found.seconds.values())
        return found

    async def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        """Embed crops, (n, side, side, 3) uint8. Raises ClusterAway."""
        if len(crops) > MOST_CROPS:
            raise ClusterAway(f"{len(crops)} crops are too many for one request")
        body = await asyncio.to_thread(pack_crops, crops)
        return await self._ask("/embed", body, partial(unpack_vectors, count=len(crops)))

    async def _ask(
        self, path: str, data: bytes, read: Callable[[bytes], Read], **query: str
    ) -> Read:
        """Ask until somebody's answer can be read. Raises PictureError, and ClusterAway."""
        why, outcome = "all are left alone for a while", "answered"
        for address in self._in_turn():
            try:
                answer = await self._answer(address.url + path, data, query, read)
            except (aiohttp.ClientError, TimeoutError, WireError) as error:
                why, outcome = in_one_line(error), "answered at another try"
                address.lost(why)
                continue
            address.back()
            CLUSTER_REQUESTS.labels(outcome).inc()
            if isinstance(answer, PictureError):
                raise answer
            return answer
        CLUSTER_REQUESTS.labels("away").inc()
        raise ClusterAway(why)

    async def _answer(
        self, url: str, data: bytes, query: dict[str, str], read: Callable[[bytes], Read]
    ) -> Read | PictureError:
        async with self._session.post(
            url, data=data, params=query, headers=self._headers
        ) as response:
            body = await response.read()
        match response.status:
            case HTTPStatus.OK:
                return await asyncio.to_thread(read, body)
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                return unpack_picture_error(body)
        raise WireError(f"{response.status} {body[:200].decode(errors='replace')}")

    def _in_turn(self) -> list[_Address]:
        """Return the addresses to ask, each time another one first."""
        self._turn += 1
        start = self._turn % len(self._addresses)
        turn = self._addresses[start:] + self._addresses[:start]
        return [address for address in turn if not address.rests]


async def look_at_clusters(addresses: Sequence[str], settings: str) -> dict[str, str]:
    """Say of each address whether it answers, and with the settings that this side has."""
    timeout = aiohttp.ClientTimeout(total=_LOOK_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        states = await asyncio.gather(*(_state(session, each, settings) for each in addresses))
    return dict(zip(addresses, states, strict=True))


async def _state(session: aiohttp.ClientSession, address: str, settings: str) -> str:
    try:
        async with session.get(f"{address.rstrip('/')}/healthz", raise_for_status=True) as response:
            there = await response.json()
            if there["settings"] == settings:
                return "answers"
            return "has other settings, weights or version"
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        return f"is away ({in_one_line(error)})"
