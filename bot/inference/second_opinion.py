"""The step after naming that is there only where a tagger is configured.

A tagger takes seconds, so it has a thread and a short line of its own: pictures that wait for it
give their place among those on their way to others, and where the line is full, or the tagger is
slow or fails, a picture is answered by the own model alone.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.inference.stages import FoundFaces
    from bot.inference.task import PictureTask
    from models.gallery.gallery import Gallery
    from models.tagger.second_opinion import SecondOpinion
    from models.types import Character, NamedFace, Pixels

log = logging.getLogger(__name__)

LINE: Final = 3
"""Pictures that wait for the tagger or are with it, at most."""
PATIENCE: Final = 0.5
"""Which share of a picture's time the tagger may take, waiting included."""


class TaggerStep:
    """Asks a tagger about unknown faces. `load` runs in the step's thread at `open`."""

    def __init__(self, load: Callable[[], SecondOpinion], timeout_s: float) -> None:
        self._load = load
        self._patience_s = PATIENCE * timeout_s
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="moedex-tagger")
        self._in_line = 0
        self._known: tuple[Gallery | None, dict[str, Character]] | None = None

    async def open(self) -> None:
        """Load the tagger. Raises what `load` does."""
        loop = asyncio.get_running_loop()
        self._opinion = await loop.run_in_executor(self._pool, self._load)
        log.info("Loaded the tagger %s", self._opinion.name)

    async def close(self) -> None:
        """End the thread, after what it is at."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def wants(self, task: PictureTask) -> bool:
        """Say whether there is something to ask about a picture, and room for it."""
        return self._in_line < LINE and bool(self._opinion.asked_about(_shown(task), _scale(task)))

    async def ask(self, task: PictureTask) -> None:
        """Name what the tagger knows of a picture's unknown faces."""
        self._in_line += 1
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience_s):
                task.named = await loop.run_in_executor(self._pool, self._improved, task)
        except TimeoutError:
            log.warning("The tagger was too slow: “%s” is answered without it", task.name)
        except Exception:
            log.exception("The tagger failed: “%s” is answered without it", task.name)
        finally:
            self._in_line -= 1
        task.lap("tagger")

    def _improved(self, task: PictureTask) -> tuple[NamedFace, ...]:
        """Ask about one picture; runs in the step's thread."""
        if task.done.done() or task.found is None:
            return task.named
        shown = _shown(task)
        improved = self._opinion.improve(
            shown, _frame(task.found)[1], _scale(task), self._characters(task), task.policy
        )
        by_face = {id(before): after for before, after in zip(shown, improved, strict=True)}
        return tuple(by_face.get(id(named), named) for named in task.named)

    def _characters(self, task: PictureTask) -> dict[str, Character]:
        """Return who can be named where the picture was posted, by id."""
        gallery = task.gallery if task.gallery is not None else task.stages.gallery
        if self._known is None or self._known[0] is not gallery:
            everyone = task.stages.characters if gallery is None else gallery.characters
            self._known = gallery, {character.id: character for character in everyone}
        return self._known[1]


def _frame(found: FoundFaces) -> tuple[int, Pixels]:
    """Return the frame of an animation that most of the faces are from, and its place."""
    index = max(found.frames, key=lambda index: sum(face.frame == index for face in found.faces))
    return index, found.frames[index]


def _shown(task: PictureTask) -> list[NamedFace]:
    """Return the faces of one frame: a tagger is too slow for more."""
    if task.found is None:
        return []
    index, _ = _frame(task.found)
    return [named for named in task.named if named.face.frame == index]


def _scale(task: PictureTask) -> float:
    """Return the side of the kept frames in sides of the picture that the boxes are of."""
    return _frame(task.found)[1].shape[1] / task.found.width if task.found else 1.0
