"""A picture on its way through the worker."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.inference.results import IdentifiedPicture, Job

if TYPE_CHECKING:
    import asyncio

    from bot.inference.settled import SettledFaces
    from bot.inference.stages import FoundFaces, Stages
    from models.gallery.gallery import Gallery
    from models.gallery.policy import NamingPolicy
    from models.types import NamedFace


@dataclass(eq=False, slots=True)
class PictureTask:
    """A picture, and what is known of it so far.

    `done` is what the caller waits for; once it is done, all stops. `since` is the moment of the
    last border between two stages, by `time.perf_counter`.
    """

    stages: Stages
    job: Job
    data: bytes
    name: str
    gallery: Gallery | None
    policy: NamingPolicy
    settled: SettledFaces | None
    done: asyncio.Future[IdentifiedPicture]
    since: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    found: FoundFaces | None = None
    named: tuple[NamedFace, ...] = ()

    @property
    def faces(self) -> int:
        """How many faces were found."""
        return len(self.found.faces) if self.found else 0

    def lap(self, stage: str) -> None:
        """Note the time since the last border as `stage`'s."""
        now = time.perf_counter()
        self.seconds[stage] = now - self.since
        self.since = now

    def answer(self) -> None:
        """Hand what was found to the caller, unless he heard of a failure or is gone."""
        found = self.found
        if self.done.done() or found is None:
            return
        self.done.set_result(
            IdentifiedPicture(
                name=self.name,
                width=found.width,
                height=found.height,
                faces=self.named,
                more=found.more,
                frames=found.frames,
                phash=found.phash,
                sha256=found.sha256,
                backbone=self.stages.backbone,
                seconds=self.seconds,
            )
        )
