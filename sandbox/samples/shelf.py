"""The shelf of sample pictures: invented characters drawn by code, then a folder of one's own.

Nobody who tries the sandbox needs a picture at hand: `load_samples` offers drawings of characters
that exist nowhere else, several of each, so that faces are found and *unknown* is said; and, with
the learning switched on, one drawing teaches what the others then show. The drawings are made on
demand and kept in memory.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from .drawing.backdrops import draw_landscape
from .drawing.canvas import Canvas
from .drawing.cast import CAST, DRAWINGS, GROUP, NOD
from .drawing.figure import draw_picture

FOLDER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".apng", ".avif"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of the shelf. `filename` begins with `SPOILER_` where it should be posted hidden.

    `id` consists of letters, digits and `-`; `people` is how many faces a drawn sample shows, and
    None where that isn't known.
    """

    id: str
    title: str
    group: str
    filename: str
    people: int | None
    _make: Callable[[], bytes]

    def read(self) -> bytes:
        """Return the picture's bytes; a drawing takes some tenths of a second the first time.

        Raises:
            OSError: the file of a folder can't be read any more.

        """
        return self._make()


def load_samples(folder: Path | None = None) -> list[Sample]:
    """Return the drawn samples, then the picture files of `folder`, its subfolders included.

    Raises:
        NotADirectoryError: `folder` is no folder.

    """
    samples = _drawn()
    if folder is None:
        return samples
    if not folder.is_dir():
        raise NotADirectoryError(f"The folder of samples {folder} is not there, or is no folder.")
    files = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in FOLDER_SUFFIXES and p.is_file()
    )
    for number, path in enumerate(files):
        group = folder.name if path.parent == folder else str(path.parent.relative_to(folder))
        samples.append(Sample(f"own-{number}", path.stem, group, path.name, None, path.read_bytes))
    return samples


def _drawn() -> list[Sample]:
    samples = []
    for character, drawings in DRAWINGS.items():
        name = CAST[character].name
        for number, (title, drawing) in enumerate(drawings.items(), start=1):
            hidden = "SPOILER_" if drawing.spoiler else ""
            samples.append(
                Sample(
                    id=f"{character}-{number}",
                    title=f"{name}, {title}",
                    group=name,
                    filename=f"{hidden}{character}-{number}.png",
                    people=1,
                    _make=lambda character=character, title=title: _drawing(character, title),
                )
            )
    more = "More pictures"
    samples += [
        Sample(
            "three-friends", "Three friends", more, "three-friends.png", len(GROUP.figures), _group
        ),
        Sample("nodding", "Hikari nods (animated)", more, "nodding.gif", 1, _animation),
        Sample("lake", "A lake with nobody in sight", more, "lake.png", 0, _landscape),
    ]
    return samples


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


@lru_cache(maxsize=64)
def _drawing(character: str, title: str) -> bytes:
    return _png(draw_picture(DRAWINGS[character][title]))


@lru_cache(maxsize=1)
def _group() -> bytes:
    return _png(draw_picture(GROUP))


@lru_cache(maxsize=1)
def _landscape() -> bytes:
    canvas = Canvas(720, 480)
    draw_landscape(canvas, seed=5)
    return _png(canvas.finished())


@lru_cache(maxsize=1)
def _animation() -> bytes:
    frames = [draw_picture(frame) for frame in NOD]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=160, loop=0, optimize=False
    )
    return buffer.getvalue()
