"""The pictures of the shelf: how each is listed, and the frames that are drawn for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PIL import Image

from .backdrops import draw_landscape
from .canvas import Canvas
from .cast import CAST, DRAWINGS, GROUP, NOD
from .figure import Drawing, draw_picture

FRAME_MS = 160
"""Milliseconds that a frame of an animation is shown."""

_MORE = "More pictures"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to draw. `people` counts its faces; `spoiler` says that it is posted hidden.

    `id` consists of letters, digits and `-`; `draw` returns its frames, one where it stands still.
    """

    id: str
    title: str
    group: str
    people: int
    draw: Callable[[], list[Image.Image]]
    animated: bool = False
    spoiler: bool = False

    @property
    def file(self) -> str:
        """The name of its file: lossless WebP, or GIF for an animation."""
        return f"{self.id}.{'gif' if self.animated else 'webp'}"


def pictures() -> Iterator[Picture]:
    """Yield every picture in the order of the shelf."""
    for character, drawings in DRAWINGS.items():
        name = CAST[character].name
        for number, (title, drawing) in enumerate(drawings.items(), start=1):
            draw = partial(_drawings, drawing)
            key, full = f"{character}-{number}", f"{name}, {title}"
            yield Picture(key, full, name, 1, draw, spoiler=drawing.spoiler)
    group = partial(_drawings, GROUP)
    yield Picture("three-friends", "Three friends", _MORE, len(GROUP.figures), group)
    nod = partial(_drawings, *NOD)
    yield Picture("nodding", "Hikari nods (animated)", _MORE, 1, nod, animated=True)
    yield Picture("lake", "A lake with nobody in sight", _MORE, 0, _landscape)


def _drawings(*drawings: Drawing) -> list[Image.Image]:
    return [draw_picture(drawing) for drawing in drawings]


def _landscape() -> list[Image.Image]:
    canvas = Canvas(720, 480)
    draw_landscape(canvas, seed=5)
    return [canvas.finished()]
