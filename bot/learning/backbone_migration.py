"""From one backbone to the next: the old pair of backbone and names answers until all is ready.

The pair that the bot runs on is copied, by the backbone's hash, to beside the database, or to the
crops where a server has that. Where an upgrade brings another one, the copy is loaded and goes on
answering; meanwhile the kept crops are embedded with the new one, whenever nobody waits for an
answer. Then vectors, galleries and stages change over together. Where the old pair is missing, or
can't be loaded any more, the new one answers at once, and servers' own characters come back when
their crops are embedded.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.inference.stages import StagesError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import InferenceWorker
    from bot.inference.stages import Stages
    from bot.storage import Storage
    from bot.storage.crops import CropStore
    from bot.storage.vectors import OldVector

log = logging.getLogger(__name__)

ANSWERING: Final = "backbone"
"""The key in the storage's state of the backbone that stored vectors are bound to."""
AT_ONCE: Final = 4
"""Crops embedded in one go: an answer that comes meanwhile waits for so many at most."""


class Backbones:
    """Watches over which pair answers. `start` decides, and begins what is to be done."""

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        galleries: ServerGalleries,
        worker: InferenceWorker,
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._galleries = galleries
        self._worker = worker
        self._folder = (storage.files or crops.folder) / "models"
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def changing(self) -> bool:
        """Whether crops are being embedded for another backbone."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Let the pair answer that stored vectors are of, and begin to make those of the new."""
        new = self._worker.stages
        before = await self._storage.state.get(ANSWERING)
        if not await self._storage.vectors.outdated(new.backbone):
            await self._change_over(new)
            return
        if before not in (None, new.backbone) and (old := await self._kept(before, new)):
            log.info("The backbone changed: %s answers until %s is ready", before, new.backbone)
            self._swap_stages(old)
        self._task = asyncio.create_task(self._make_ready(new), name="change of the backbone")

    async def close(self) -> None:
        """End the work in the background; the next start goes on with it.

        What is being written is written to its end.
        """
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _make_ready(self, new: Stages) -> None:
        try:
            gone: set[OldVector] = set()
            # What is posted meanwhile is embedded too: until nothing is left.
            while left := [
                old for old in await self._storage.vectors.outdated(new.backbone) if old not in gone
            ]:
                for first in range(0, len(left), AT_ONCE):
                    gone |= await self._embed(new, left[first : first + AT_ONCE])
                    if self._closing.is_set():
                        return
            await self._change_over(new)
        except Exception:  # what answers goes on; the next start tries again
            log.exception("The kept crops could not all be embedded again")

    async def _embed(self, new: Stages, olds: Sequence[OldVector]) -> set[OldVector]:
        """Embed a few crops; return those that are gone."""
        pixels = {old: await self._crops.pixels(old.crop, new.side) for old in olds}
        there = {old: crop for old, crop in pixels.items() if crop is not None}
        if there:
            crops = list(there.values())
            embedding = asyncio.create_task(self._worker.embed_aside(new, crops))
            closing = asyncio.create_task(self._closing.wait())
            await asyncio.wait({embedding, closing}, return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
            if not embedding.done():
                embedding.cancel()
                return set()
            vectors = embedding.result()
            await self._storage.vectors.prepare(new.backbone, zip(there, vectors, strict=True))
        return pixels.keys() - there.keys()

    async def _change_over(self, new: Stages) -> None:
        await self._storage.vectors.adopt(new.backbone)
        await self._storage.versions.outdate(new.backbone)
        await self._storage.state.set(ANSWERING, new.backbone)
        self._swap_stages(new)
        await asyncio.to_thread(_keep, new, self._folder)

    def _swap_stages(self, stages: Stages) -> None:
        # In one go, so that no picture meets the backbone of one pair and the gallery of another.
        self._worker.swap_stages(stages)
        self._galleries.swap_stages(stages)

    async def _kept(self, backbone: str | None, new: Stages) -> Stages | None:
        folder = self._folder / str(backbone)
        if not folder.is_dir():
            return None
        try:
            return await asyncio.to_thread(new.load_pair, folder)
        except StagesError as error:
            log.warning("The backbone before can't be loaded, the new one answers: %s", error)
            return None


def _keep(stages: Stages, folder: Path) -> None:
    """Keep the pair that answers, and no other."""
    home = folder / stages.backbone
    for other in folder.iterdir() if folder.is_dir() else ():
        # Another process may be at work on its copy of the same.
        if not other.name.startswith(home.name):
            shutil.rmtree(other, ignore_errors=True)
    if home.is_dir():
        return
    part = folder / f"{stages.backbone}.{secrets.token_hex(4)}.part"
    try:
        part.mkdir(parents=True)
        stages.save_pair(part)
        part.rename(home)
    except OSError as error:
        if not home.is_dir():
            log.warning("The models could not be kept for the next change of them: %s", error)
        shutil.rmtree(part, ignore_errors=True)
