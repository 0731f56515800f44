"""`/teach series:`: gives a server the cast of a series, from the portraits that AniList shows.

It is one act of a moderator, kept like a pack: vectors without pictures, which can be undone.
Portraits take their turn among the pictures that the server's members post.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import aiohttp

from bot.enrolment.found import PictureUnavailableError
from bot.enrolment.sources.anilist import AniListSource
from bot.errors import UserError
from bot.gallery.dataset import match_characters
from bot.inference import Job, QueueFull
from bot.storage.records import NewExemplar
from bot.wording import counted
from models.images.decoding import PictureError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.config import Config
    from bot.enrolment.found import FoundCharacter
    from bot.gallery.roster import ServerRoster
    from bot.inference import InferenceWorker
    from bot.storage import Storage
    from bot.storage.records import GalleryAction
    from models.types import Vector

log = logging.getLogger(__name__)

MOST: Final = 150
"""Characters of a cast that are enrolled, main ones first: Discord waits 15 minutes at most."""
NAMED: Final = 8
"""Characters that the answer names."""
_BUSY_S: Final = 3.0
_TRIES: Final = 10

OFF: Final = "Whoever runs this bot switched `/teach series:` off."
AT_IT: Final = "I'm already looking a series up for this server. Please wait until that is done."
NOBODY: Final = "I found no drawn face in the portraits of {series}."


@dataclass(frozen=True, slots=True)
class TaughtSeries:
    """What a server learned: `characters` by name, `known` of them were there, `without` a face."""

    series: str
    characters: tuple[str, ...]
    known: int
    without: int
    action: GalleryAction

    @property
    def text(self) -> str:
        """Say it in plain words; names are as AniList writes them."""
        shown = ", ".join(self.characters[:NAMED])
        more = len(self.characters) - NAMED
        if more > 0:
            shown += f" and {more} more"
        known = f" {self.known} of them I knew before, and know better now." if self.known else ""
        faceless = f" {counted(self.without, 'portrait')} showed no face." if self.without else ""
        count = len(self.characters)
        return (
            f"I know {counted(count, 'character')} of {self.series} in this server now, "
            f"each by a portrait from AniList: {shown}.{known}{faceless}"
        )


class SeriesTeaching:
    """Looks casts up, one at a time for each server."""

    def __init__(
        self,
        config: Config,
        storage: Storage,
        worker: InferenceWorker,
        roster: Callable[[int], Awaitable[ServerRoster]],
    ) -> None:
        self._config = config
        self._storage = storage
        self._worker = worker
        self._roster = roster
        self._at_work: set[int] = set()

    async def teach(self, server_id: int, user_id: int, title: str, job_id: int) -> TaughtSeries:
        """Give a server a series' cast; usable when this returns.

        `job_id` is what the worker's jobs can be cancelled by. Raises UserError, also where AniList
        knows no such series or can't be reached.
        """
        if not self._config.roster.teach_series:
            raise UserError(OFF)
        if server_id in self._at_work:
            raise UserError(AT_IT)
        self._at_work.add(server_id)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                source = AniListSource(
                    session, title, self._config.pictures.max_bytes, api=self._config.roster.anilist
                )
                await source.open()
                seen, backbone, without = await self._look(source, Job(server_id, job_id))
            return await self._keep(server_id, user_id, source, seen, backbone, without)
        finally:
            self._at_work.discard(server_id)

    async def _look(
        self, source: AniListSource, job: Job
    ) -> tuple[list[tuple[FoundCharacter, Vector]], str, int]:
        """Return who has a face in a portrait, the vectors' backbone, and how many have none."""
        seen: list[tuple[FoundCharacter, Vector]] = []
        backbone, without = self._worker.stages.backbone, 0
        async for found in source.characters():
            async for picture in source.pictures(found):
                try:
                    data = await source.fetch(picture)
                    vector, made_by = await self._vector(data, f"{found.name}.jpg", job)
                except (PictureUnavailableError, PictureError) as error:
                    log.info("The portrait of %s can't be used: %s", found.name, error)
                    vector, made_by = None, backbone
                if made_by != backbone:  # exchanged meanwhile: what came before means nothing now
                    seen, backbone = [], made_by
                if vector is None:
                    without += 1
                else:
                    seen.append((found, vector))
            if len(seen) >= MOST:
                break
        return seen, backbone, without

    async def _vector(self, data: bytes, name: str, job: Job) -> tuple[Vector | None, str]:
        """Return the vector of a picture's largest face, None without one, and its backbone."""
        tries = 0
        while True:
            try:
                identified = await self._worker.identify(data, name, job=job)
                break
            except QueueFull:
                tries += 1
                if tries == _TRIES:
                    raise
                await asyncio.sleep(_BUSY_S)
        faces = sorted(identified.faces, key=lambda named: -named.face.box.side)
        return (faces[0].vector if faces else None), identified.backbone

    async def _keep(
        self,
        server_id: int,
        user_id: int,
        source: AniListSource,
        seen: list[tuple[FoundCharacter, Vector]],
        backbone: str,
        without: int,
    ) -> TaughtSeries:
        if not seen:
            raise UserError(NOBODY.format(series=source.series))
        roster = await self._roster(server_id)
        written = [
            {
                "id": f"anilist:{found.ref}",
                "name": found.name,
                "series": found.series,
                "native_name": found.native_name,
            }
            for found, _ in seen
        ]
        ids, rows = match_characters(written, roster)
        new = {row.id for row in rows}
        aliases: dict[str, tuple[str, ...]] = {}
        present = await self._storage.galleries.aliases(server_id)
        for found, _ in seen:
            key = ids[f"anilist:{found.ref}"]
            # Another's name stays another's: an alias that is taken here is left out.
            free = [alias for alias in found.aliases if roster.index.resolve(alias) is None]
            aliases[key] = tuple(dict.fromkeys((*aliases.get(key, present.get(key, ())), *free)))
        now = datetime.now(UTC)
        action = await self._storage.galleries.change(
            server_id,
            "pack",
            user_id,
            f"taught {counted(len(seen), 'character')} of {source.series}"[:300],
            now,
            characters=rows,
            aliases=aliases,
            exemplars=[
                NewExemplar(
                    ids[f"anilist:{found.ref}"], 0, "pack", vector, backbone, now,
                    provenance=f"portrait on AniList: {found.link}"[:200],
                )
                for found, vector in seen
            ],
        )  # fmt: skip
        known = sum(ids[character["id"]] not in new for character in written)
        names = tuple(found.name for found, _ in seen)
        return TaughtSeries(source.series, names, known, without, action)
