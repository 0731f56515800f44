"""Deleting so that it is gone: rows, crops, vectors, and the versions trained on them.

Whatever deletes an answer takes its faces and votes along in the database. The sweep does the
rest: it judges labels again that erased votes had settled, removes crops that no row names, erases
versions trained on what is gone, and lets the database clear away what was erased: SQLite to the
last byte, PostgreSQL as docs/storage.md says. It runs soon after every deletion and at the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.storage import Storage
    from bot.storage.crops import CropStore
    from bot.storage.records import LabelChange, ModelVersion

log = logging.getLogger(__name__)

SWEEP_AFTER_S = 1.0
"""Seconds after a deletion until the sweep, so that a purge of a hundred messages is one."""
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a member, as `/privacy show` says it.

    `taught` drawings are of so many `characters`; `versions` were trained on their pictures or
    drawings. `signed_in` counts browsers in which they are, on the site, `keys` those of its API.
    """

    faces: int
    crops: int
    votes: int
    taught: int
    characters: int
    proposals: int
    versions: int
    opted_out: bool
    signed_in: int
    keys: int


@dataclass(frozen=True, slots=True)
class Learned:
    """What is kept of a server because it learns, all of which `stop_learning` erases.

    `pictures` are those with a hash, `characters` those that settled labels gave faces to.
    `versions`, of other servers too, were trained on it.
    """

    crops: int
    pictures: int
    characters: int
    versions: int


class Cache(Protocol):
    """What is kept in memory of servers, under their revisions."""

    async def drop_stale(self) -> None:
        """Let go of what is older than its server's revision: something of it was erased."""
        ...

    def forget_server(self, server_id: int) -> None:
        """Let go of a server that was erased as a whole, its revisions too."""
        ...


class Erasure:
    """Erases on request and on deletion; what is too old is `Retention`'s part.

    `caches` hold what may be erased. `rejudge` judges a server's labels again. `show_anew` words an
    answer again, which may have named a member that is erased.
    """

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        caches: Sequence[Cache],
        rejudge: Callable[[int], Awaitable[Sequence[LabelChange]]],
        show_anew: Callable[[int], None],
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._caches = tuple(caches)
        self._rejudge = rejudge
        self._show_anew = show_anew
        self._soon: asyncio.Task[None] | None = None
        self._asked = self._sweeping = False
        self._touched: set[int] = set()

    async def kept(self, user_id: int) -> Kept:
        """Say what is kept of a member, in all servers."""
        storage = self._storage
        faces = await storage.faces.by_author(user_id)
        taught = await storage.exemplars.by_user(user_id)
        versions = await storage.versions.trained_on(
            [face.id for face in faces], [exemplar.id for exemplar in taught]
        )
        return Kept(
            faces=len(faces),
            crops=sum(face.crop is not None for face in faces),
            votes=await storage.votes.count_of(user_id),
            taught=len(taught),
            characters=len({(e.server_id, e.character_id) for e in taught}),
            proposals=await storage.proposals.count_of(user_id),
            versions=len(versions),
            opted_out=await storage.consents.opted_out(user_id),
            signed_in=await storage.sessions.count_of(user_id),
            keys=await storage.api_keys.count_of(user_id),
        )

    async def learned(self, server_id: int) -> Learned:
        """Say what `stop_learning` would erase in a server."""
        storage = self._storage
        faces = await storage.faces.in_server(server_id)
        settled = await storage.labels.in_server(server_id, "settled")
        taught = await storage.exemplars.posted(server_id=server_id)
        versions = [
            *await storage.versions.trained_on(
                [f.id for f in faces if f.vector is not None], [e.id for e in taught]
            ),
            *await storage.versions.of_others_trained_on(server_id),
        ]
        return Learned(
            crops=sum(each.crop is not None for each in (*faces, *taught)),
            pictures=len({(face.reply_id, face.phash) for face in faces if face.phash}),
            characters=len(
                {
                    label.label.character_id
                    for face, label in settled
                    if face.vector is not None
                    and label.label is not None
                    and label.label.kind == "character"
                }
            ),
            versions=len({version.id for version in versions}),
        )

    async def erase_member(self, user_id: int) -> None:
        """Erase a member's pictures, votes, drawings and proposals, in all servers.

        On the site they are signed out everywhere, and have no key any more.
        """
        storage = self._storage
        await storage.sessions.end_all(user_id)
        await storage.api_keys.revoke_all(user_id)
        exemplars = await storage.exemplars.by_user(user_id)
        self._touched.update(await storage.votes.servers_of(user_id))
        self._touched.update(place.server_id for place in await storage.answers.by_author(user_id))
        named_in = await self._answers_that_name(user_id)
        await storage.answers.delete_of(user_id)
        await storage.votes.erase_user(user_id)
        await storage.labels.forget_user(user_id)
        await storage.audit_log.forget_user(user_id)
        await storage.exemplars.erase([e.id for e in exemplars])
        await storage.galleries.forget_user(user_id)
        await storage.proposals.erase_user(user_id)
        await storage.consents.forget_user(user_id)
        await storage.settings.forget_user(user_id)
        await self.sweep()
        for reply_id in named_in:
            self._show_anew(reply_id)

    async def _answers_that_name(self, user_id: int) -> set[int]:
        """Return the replies that show what a member said, of the same pictures again too."""
        replies = set(await self._storage.votes.answers_of(user_id))
        for reply_id in list(replies):
            for face in await self._storage.faces.by_reply(reply_id):
                copies = await self._storage.faces.in_group(face.group)
                replies.update(copy.reply_id for copy in copies)
        return replies

    async def strip_member(self, user_id: int) -> None:
        """Erase crops and vectors of a member's pictures; their answers and votes stay."""
        await self._storage.faces.strip_author(user_id)
        taught = await self._storage.exemplars.posted(user_id=user_id)
        await self._storage.exemplars.erase([each.id for each in taught])
        await self.sweep()

    async def stop_learning(self, server_id: int) -> None:
        """Erase what was kept because learning was on, and what was trained on it.

        What stays is what is kept without learning.
        """
        await self._storage.faces.forget_learned(server_id)
        taught = await self._storage.exemplars.posted(server_id=server_id)
        await self._storage.exemplars.erase([each.id for each in taught])
        await self.stop_sharing(server_id)

    async def stop_sharing(self, server_id: int) -> None:
        """Erase what other servers learned from this one."""
        await self._storage.settings.update(server_id, sharing=False)
        await self._storage.versions.erase(
            await self._storage.versions.of_others_trained_on(server_id)
        )
        await self.sweep()

    async def erase_server(self, server_id: int) -> None:
        """Erase everything that is kept of a server."""
        await self._storage.answers.delete_server(server_id)
        await self._storage.servers.erase_learned(server_id)
        await self._storage.settings.erase_server(server_id)
        await self._storage.state.erase_server(server_id)
        await self._storage.outbox.erase_server(server_id)
        for cache in self._caches:
            cache.forget_server(server_id)
        await self.sweep()

    def sweep_soon(self, server_id: int | None = None) -> None:
        """Sweep in a moment; called after each deletion, with the server that lost something."""
        if server_id is not None:
            self._touched.add(server_id)
        self._asked = True
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._sweep_later(), name="sweep")

    async def sweep(self) -> None:
        """Remove what belongs to nothing any more, down to the bytes."""
        versions = await self._unsettled()
        versions += await self._storage.versions.trained_on_erased()
        if versions:
            await self._storage.versions.erase(versions)
        for cache in self._caches:  # what is gone may have been a centroid
            await cache.drop_stale()
        # Files first: a crop written after this look may have its row after the next one.
        files = await self._crops.list()
        in_use = await self._storage.faces.crop_names()
        in_use |= await self._storage.exemplars.crop_names()
        await self._crops.delete(files - in_use)
        for _ in range(_TRIES):
            if await self._storage.database.flush_erased():
                return
            await asyncio.sleep(0.1)
        log.warning("What was erased is not cleared away yet: a reader holds it open")

    async def close(self) -> None:
        """End the sweep in the background: one that runs goes on to its end."""
        if self._soon is not None:
            if not self._sweeping:
                self._soon.cancel()
            await asyncio.gather(self._soon, return_exceptions=True)

    async def _unsettled(self) -> list[ModelVersion]:
        """Judge labels again where votes were erased; return the versions that had learned them."""
        touched, self._touched = self._touched, set()
        changed: set[int] = set()
        for server_id in touched:
            changed |= {change.face_id for change in await self._rejudge(server_id)}
        return await self._storage.versions.trained_on(changed)

    async def _sweep_later(self) -> None:
        while self._asked:
            await asyncio.sleep(SWEEP_AFTER_S)
            self._asked, self._sweeping = False, True
            try:
                await self.sweep()
            except Exception:  # the next deletion, or start, tries again
                log.exception("The sweep after a deletion failed")
            finally:
                self._sweeping = False
