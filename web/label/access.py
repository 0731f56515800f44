"""Who may label where, and what they may see there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bot.labelling.labeller import Labeller
from web.signing_in import person

if TYPE_CHECKING:
    from aiohttp import web

    from bot.storage import Storage

FRESH_S: Final = 30.0
"""Seconds for which the channels that somebody sees are remembered, for pictures."""
_MOST: Final = 1000


class Access:
    """Tells who asks, by the site's sign-in, and what of a server they may see."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._channels: dict[tuple[int, int], tuple[float, frozenset[int]]] = {}

    async def labeller(
        self, request: web.Request, server_id: int, *, lately: bool = False
    ) -> Labeller:
        """Return who asks. Raises ProblemError for who is not signed in, or may not label.

        `lately` takes the channels that they saw up to half a minute ago: for pictures, of which a
        page asks for hundreds.
        """
        membership = await person.labeller(request, server_id)
        user_id = person.signed_in(request).user_id
        at, channels = self._channels.get((user_id, server_id), (0.0, frozenset[int]()))
        if not lately or time.monotonic() - at > FRESH_S:
            every = await self._storage.labelled_crops.channels(server_id)
            channels = frozenset(
                [each for each in every if await person.may_see(request, server_id, each)]
            )
            while len(self._channels) >= _MOST:
                del self._channels[next(iter(self._channels))]
            self._channels[user_id, server_id] = time.monotonic(), channels
        return Labeller(user_id, server_id, channels, membership.manages)

    async def servers(self, request: web.Request) -> list[tuple[int, str]]:
        """Return the ids and names of the servers that whoever asks may label in."""
        found = await person.servers(request)
        return [(each.server_id, each.server_name) for each in found if each.may_label]
