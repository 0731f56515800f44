"""Whom each server can name and by what: rosters and galleries, built once and kept.

Each is kept under the revision of the server, and of what the operator enrolled for all servers,
that it was read at. Every write that changes a gallery moves such a revision in its own
transaction, be it of this process or of a `moedex learn` or `moedex roster` beside it; so what is
asked for next is built anew exactly where something changed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.gallery.enrolled import BaseGallery
from bot.gallery.roster import Listed, ServerRoster
from bot.gallery.serving import read_roster, read_server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.inference import Stages
    from bot.storage import Storage
    from models.gallery.gallery import Gallery
    from models.roster.roster import Roster
    from models.types import Character

    BaseRevision = tuple[int, int]
    """How often the stages were swapped, and the revision of what was enrolled."""
    Revision = tuple[int, int, int]
    """The same, and the revision of a server."""

log = logging.getLogger(__name__)


class ServerGalleries:
    """The rosters and galleries of all servers.

    `characters` are those that can be named, `roster` lists who else there is. `shipped` is the
    shipped gallery that servers extend, None where the stages have none (then
    nothing is named differently); `backbone` is the hash that vectors are bound to. `tune` fits
    what a server's gallery asks of a name, in a thread; None leaves it as it is.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        characters: Sequence[Character],
        roster: Roster | None = None,
        shipped: Gallery | None,
        backbone: str,
        tune: Callable[[Gallery], Gallery] | None = None,
    ) -> None:
        self.backbone = backbone
        self._storage = storage
        self._shipped = BaseGallery(tuple(characters), shipped)
        self._tune: Callable[[Gallery], Gallery] | None = tune
        self._roster = roster
        self._listed: tuple[BaseGallery, asyncio.Task[Listed]] | None = None
        self._swapped = 0
        self._base: tuple[BaseRevision, asyncio.Task[BaseGallery]] | None = None
        self._rosters: dict[int, tuple[Revision, ServerRoster]] = {}
        self._galleries: dict[int, tuple[Revision, asyncio.Task[Gallery | None]]] = {}

    def swap_stages(self, stages: Stages) -> None:
        """Name by another pair of backbone and shipped gallery from now on."""
        self.backbone = stages.backbone
        self._shipped = BaseGallery(tuple(stages.characters), stages.gallery)
        self._tune = stages.tuned
        self._roster = stages.roster
        self._swapped += 1
        self._base = None
        self._rosters.clear()
        self._galleries.clear()

    async def close(self) -> None:
        """Wait for the galleries that are being built."""
        tasks = [task for _, task in self._galleries.values()]
        base = [] if self._base is None else [self._base[1]]
        await asyncio.gather(*tasks, *base, return_exceptions=True)

    async def roster(self, server_id: int) -> ServerRoster:
        """Return who there is in a server."""
        revision = await self._revision(server_id)
        found = self._rosters.get(server_id)
        if found is not None and found[0] == revision:
            return found[1]
        base = await self._base_gallery(revision[:2])
        roster = await read_roster(self._storage, server_id, await self._everybody(base))
        self._rosters[server_id] = revision, roster
        return roster

    async def named(self, server_id: int) -> frozenset[str]:
        """Return the ids of those whose faces can be named in a server."""
        roster, gallery = await self.roster(server_id), await self.gallery(server_id)
        if gallery is not None:
            return frozenset(character.id for character in gallery.characters)
        return frozenset(filter(None, map(roster.resolve, roster.named)))

    async def gallery(self, server_id: int | None) -> Gallery | None:
        """Return what a server's faces are named by, those of a DM where it is None.

        None is the shipped gallery.

        While a changed gallery is built, everybody who asks waits for that one. When this returns,
        the gallery is of the backbone that answers.
        """
        shipped = self._shipped
        if shipped.gallery is None:
            return None
        if server_id is None:
            return await self._extended()
        revision = await self._revision(server_id)
        found = self._galleries.get(server_id)
        if found is None or found[0] != revision or found[1].cancelled():
            # The revision was read before what it stands for: a write that comes in between makes
            # for one build too many, never for one too few.
            task = asyncio.create_task(
                self._build(server_id, revision), name=f"gallery {server_id}"
            )
            found = self._galleries[server_id] = revision, task
        try:
            gallery = await asyncio.shield(found[1])
        except Exception:
            if self._galleries.get(server_id) is found:
                del self._galleries[server_id]
            log.exception("The gallery of server %d could not be built", server_id)
            gallery = None
        return gallery if self._shipped is shipped else await self.gallery(server_id)

    async def drop_stale(self) -> None:
        """Let go of rosters and galleries that were read at a former revision."""
        for kept in (self._rosters, self._galleries):
            for server_id, (revision, _) in list(kept.items()):
                if await self._revision(server_id) != revision:
                    kept.pop(server_id, None)

    def forget_server(self, server_id: int) -> None:
        """Let go of a server's roster and gallery."""
        self._rosters.pop(server_id, None)
        self._galleries.pop(server_id, None)

    async def _revision(self, server_id: int) -> Revision:
        read = await self._storage.revisions.of(server_id)
        return self._swapped, read.enrolled, read.gallery

    async def _base_revision(self) -> BaseRevision:
        return self._swapped, (await self._storage.revisions.of(None)).enrolled

    async def _base_gallery(self, revision: BaseRevision) -> BaseGallery:
        """Return what all servers extend, built once a revision."""
        found = self._base
        if found is None or found[0] != revision or found[1].cancelled():
            building = self._shipped.with_enrolled(self._storage, self.backbone)
            found = self._base = revision, asyncio.create_task(building, name="enrolled gallery")
        try:
            return await asyncio.shield(found[1])
        except Exception:
            if self._base is found:
                self._base = None
            log.exception("What was enrolled could not be read")
            return self._shipped

    async def _everybody(self, base: BaseGallery) -> Listed:
        """Return the characters that all servers start with, their names ready to be searched."""
        found = self._listed
        if found is None or found[0] is not base or found[1].cancelled():
            listing = asyncio.to_thread(_listed, base, self._roster)
            found = self._listed = base, asyncio.create_task(listing, name="names of the roster")
        return await asyncio.shield(found[1])

    async def _extended(self) -> Gallery | None:
        """Return the shipped gallery with what was enrolled; None where nothing was."""
        base = await self._base_gallery(await self._base_revision())
        return None if base is self._shipped else base.gallery

    async def _build(self, server_id: int, revision: Revision) -> Gallery | None:
        backbone = self.backbone
        base = await self._base_gallery(revision[:2])
        roster = await self.roster(server_id)
        state = await read_server(self._storage, server_id, roster, backbone)
        own = state.newer or state.version or roster.changed or state.seen
        if base.gallery is None or not own:
            return None if base is self._shipped else base.gallery
        gallery = await asyncio.to_thread(state.gallery, base.gallery)
        return gallery if self._tune is None else await asyncio.to_thread(self._tune, gallery)


def _listed(base: BaseGallery, roster: Roster | None) -> Listed:
    listed = Listed(base.characters, roster)
    _ = listed.names  # takes about a second: here, in a thread
    return listed
