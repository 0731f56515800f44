"""The same picture again: the perceptual hashes of what a server has seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from models.images.hashing import NEAR, HashIndex

if TYPE_CHECKING:
    from bot.storage.faces import FaceRepository
    from bot.storage.near_hashes import NearHashRepository
    from bot.storage.revisions import RevisionRepository


class NearDuplicates:
    """The perceptual hashes of the pictures of all servers, to group copies by.

    A server's index is kept until hashes of that server are erased; what is seen is added to it.
    Where several bots share a database, it is asked instead: others see pictures too.
    """

    def __init__(
        self, faces: FaceRepository, hashes: NearHashRepository, revisions: RevisionRepository
    ) -> None:
        self._faces = faces
        self._hashes = hashes
        self._revisions = revisions
        self._indexes: dict[int, tuple[int, HashIndex]] = {}

    async def near(self, server_id: int, phash: str) -> list[tuple[int, int]]:
        """Return (differing bits, group) of the near-duplicates of a picture, nearest first."""
        if self._hashes.answers:
            return await self._hashes.within(server_id, phash, NEAR)
        return (await self.of(server_id)).within(phash)

    async def add(self, server_id: int, group: int, phash: str) -> None:
        """Take in a picture that is recorded."""
        if not self._hashes.answers:
            (await self.of(server_id)).add(group, phash)

    async def of(self, server_id: int) -> HashIndex:
        """Return the hashes of a server, each under the number of its group."""
        revision = await self._erased(server_id)
        kept, index = self._indexes.get(server_id, (None, None))
        if index is None or kept != revision:
            hashes = await self._faces.hashes(server_id)
            index = await asyncio.to_thread(HashIndex, hashes)
            self._indexes[server_id] = revision, index
        return index

    async def drop_stale(self) -> None:
        """Let go of hashes of which some were erased."""
        for server_id, (revision, _) in list(self._indexes.items()):
            if await self._erased(server_id) != revision:
                self.forget_server(server_id)

    async def _erased(self, server_id: int) -> int:
        return (await self._revisions.of(server_id)).erased_hashes

    def forget_server(self, server_id: int) -> None:
        """Let go of a server's hashes."""
        self._indexes.pop(server_id, None)
