"""Builds what learns from answers and votes, each part with what it uses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.feedback.duplicates import NearDuplicates
from bot.feedback.labelling import Labelling
from bot.feedback.recording import FaceRecorder
from bot.feedback.review_queue import Strangers
from bot.feedback.votes import Votes
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.teaching import Teaching
from bot.privacy.erasure import Erasure
from bot.storage.crops import CropStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.config import LearningConfig
    from bot.storage import Storage
    from models.gallery.namer import Gallery
    from models.types import Character


@dataclass(frozen=True)
class LearningServices:
    """What cogs and views use to record faces, take votes, teach and erase.

    `close` ends the work in the background.
    """

    crops: CropStore
    galleries: ServerGalleries
    labelling: Labelling
    votes: Votes
    teaching: Teaching
    strangers: Strangers
    erasure: Erasure
    faces: FaceRecorder

    @classmethod
    def build(
        cls,
        storage: Storage,
        crops: Path,
        config: LearningConfig,
        *,
        characters: Sequence[Character],
        shipped: Gallery | None,
        backbone: str,
    ) -> LearningServices:
        """Build all of them; the keywords are those of `ServerGalleries`."""
        store = CropStore(crops)
        galleries = ServerGalleries(
            storage, characters=characters, shipped=shipped, backbone=backbone
        )
        duplicates = NearDuplicates(storage)
        labelling = Labelling(storage, galleries.roster)

        def forget() -> None:
            galleries.forget()
            duplicates.forget()

        erasure = Erasure(storage, store, forget, labelling.relearn)
        return cls(
            crops=store,
            galleries=galleries,
            labelling=labelling,
            votes=Votes(storage, labelling),
            teaching=Teaching(storage, store, galleries.roster),
            strangers=Strangers(storage, config, lambda: galleries.backbone),
            erasure=erasure,
            faces=FaceRecorder(storage, store, duplicates, labelling, erasure),
        )

    async def close(self) -> None:
        """End the work in the background."""
        await asyncio.gather(self.galleries.close(), self.votes.close())
        await self.labelling.close()
        await self.erasure.close()
