"""Which pictures of each server have settled names, read once and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.inference.settled import SettledBox, SettledFaces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.gallery.roster import ServerRoster
    from bot.storage import Storage


class SettledPictures:
    """The settled faces of all servers, each kept under its server's revision.

    Only pictures that a server learned from have a hash to be known again by. `roster` gives a
    server's characters.
    """

    def __init__(self, storage: Storage, roster: Callable[[int], Awaitable[ServerRoster]]) -> None:
        self._storage = storage
        self._roster = roster
        self._kept: dict[int, tuple[int, SettledFaces]] = {}

    async def of(self, server_id: int | None) -> SettledFaces | None:
        """Return a server's settled faces; None of a DM."""
        if server_id is None:
            return None
        # Read before what it stands for: a write in between makes for one reading too many.
        revision = await self._revision(server_id)
        found = self._kept.get(server_id)
        if found is None or found[0] != revision:
            found = self._kept[server_id] = revision, await self._read(server_id)
        return found[1]

    async def drop_stale(self) -> None:
        """Let go of what was read at a former revision: some of it may have been erased."""
        for server_id, (revision, _) in list(self._kept.items()):
            if await self._revision(server_id) != revision:
                self.forget_server(server_id)

    def forget_server(self, server_id: int) -> None:
        """Let go of a server's settled faces."""
        self._kept.pop(server_id, None)

    async def _revision(self, server_id: int) -> int:
        return (await self._storage.revisions.of(server_id)).gallery

    async def _read(self, server_id: int) -> SettledFaces:
        settled = await self._storage.labels.in_server(server_id, "settled")
        roster = await self._roster(server_id)
        faces = [
            SettledBox(face.phash, face.box, roster.characters[key])
            for face, label in settled
            if face.phash
            and label.label is not None
            and label.label.kind == "character"
            and (key := roster.resolve(label.label.character_id))
        ]
        return await asyncio.to_thread(SettledFaces, faces)
