"""Makes pictures of several figures from boxed posts, of which every head is known.

Grids, long strips, comic pages, and figures pasted on a background: what people post beside single
figures. Each picture is made of parts; a part can be cut out again, so that what a detector finds
in the whole can be compared with what it finds in the parts. Everything is drawn from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.detection.boxes import part_within
from models.types import Box, Pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator

    from benchmarks.boxes.tool import Marked

    Draw = Callable[[Sequence["Figure"], Generator], "GroupPicture"]

SEEN: Final = 0.75
"""A head of which less than this part of its box is left by a cut is to be ignored."""

GONE: Final = 0.15
"""A head of which less than this part is left is gone."""

GRID_SIDE: Final = 1200
STRIP_WIDTH: Final = 800
PAGE: Final = 1100, 1560
SCENE: Final = 1280, 960


@dataclass(frozen=True, slots=True)
class Figure:
    """A post and its boxed heads."""

    pixels: Pixels
    heads: Sequence[Marked]

    @property
    def main(self) -> Box:
        """The largest head that counts."""
        return max((Box(*box) for box, ignored in self.heads if not ignored), key=lambda b: b.side)


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle x0, y0, x1, y1 of a group picture, which shows one post or a cut of it."""

    x0: int
    y0: int
    x1: int
    y1: int

    def cut(self, picture: Pixels) -> Pixels:
        """Return the part as a picture of its own."""
        return np.ascontiguousarray(picture[self.y0 : self.y1, self.x0 : self.x1])


@dataclass(frozen=True, slots=True)
class GroupPicture:
    """A picture of several parts; the boxes of its heads are in its own pixels."""

    pixels: Pixels
    parts: Sequence[Part]
    heads: Sequence[Marked]


class _Canvas:
    """A picture in the making."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.parts: list[Part] = []
        self.heads: list[Marked] = []

    @classmethod
    def plain(cls, width: int, height: int, colour: Sequence[int] = (255, 255, 255)) -> _Canvas:
        return cls(np.full((height, width, 3), colour, np.uint8))

    def put(self, figure: Figure, window: Box, part: Part) -> None:
        """Fill a part with the window of a figure, which has the part's shape."""
        shown = _resized(_window(figure.pixels, window), part.x1 - part.x0, part.y1 - part.y0)
        self.pixels[part.y0 : part.y1, part.x0 : part.x1] = shown
        self.mark(figure, window, part)

    def mark(self, figure: Figure, window: Box, part: Part) -> None:
        """Note the part, and the heads that its window shows."""
        self.parts.append(part)
        scale = (part.x1 - part.x0) / (window.x1 - window.x0)
        for box, ignored in figure.heads:
            left = part_within(Box(*box), window)
            if left < GONE:
                continue
            x0, y0, x1, y1 = (
                offset + (value - start) * scale
                for value, start, offset in zip(
                    box, (window.x0, window.y0) * 2, (part.x0, part.y0) * 2, strict=True
                )
            )
            self.heads.append(((x0, y0, x1, y1), ignored or left < SEEN))

    def done(self) -> GroupPicture:
        return GroupPicture(self.pixels, self.parts, self.heads)


def grid(across: int, *, half_figures: bool) -> Draw:
    """`across` x `across` squares: half figures, or whole posts that are shrunk to fit."""

    def draw(figures: Sequence[Figure], chance: Generator) -> GroupPicture:
        canvas = _Canvas.plain(GRID_SIDE, GRID_SIDE, chance.integers(0, 256, 3).tolist())
        side = GRID_SIDE // across
        for place, figure in enumerate(figures):
            x, y = side * (place % across), side * (place // across)
            if half_figures:
                window = _around_head(figure, 1.0, chance.uniform(1.8, 3.2))
                canvas.put(figure, window, Part(x, y, x + side, y + side))
            else:
                height, width = figure.pixels.shape[:2]
                scale = side / max(height, width)
                wide, high = max(1, round(width * scale)), max(1, round(height * scale))
                x, y = x + (side - wide) // 2, y + (side - high) // 2
                part = Part(x, y, x + wide, y + high)
                canvas.put(figure, Box(0, 0, width, height), part)
        return canvas.done()

    return draw


def strip(figures: Sequence[Figure], chance: Generator) -> GroupPicture:
    """Panels of 900 pixels with their gutters, one below the other, as on a phone."""
    canvas = _Canvas.plain(STRIP_WIDTH, 900 * len(figures))
    for place, figure in enumerate(figures):
        gutter = int(chance.integers(0, 120))
        margin = int(chance.integers(0, 2)) * 40
        top = 900 * place
        part = Part(margin, top, STRIP_WIDTH - margin, top + 900 - gutter)
        canvas.put(figure, _panel(figure, part, chance), part)
    return canvas.done()


def page(figures: Sequence[Figure], chance: Generator) -> GroupPicture:
    """A comic page: rows of one to three panels with black frames and white gutters."""
    width, height = PAGE
    canvas = _Canvas.plain(width, height)
    left = list(figures)
    rows: list[list[Figure]] = []
    while left:
        count = min(len(left), int(chance.integers(1, 4)))
        rows.append([left.pop() for _ in range(count)])
    ends = _split(height - 40, len(rows), chance)
    top = 20
    for row, high in zip(rows, ends, strict=True):
        start = 20
        for figure, wide in zip(row, _split(width - 40, len(row), chance), strict=True):
            outer = Part(start + 8, top + 8, start + wide - 8, top + high - 8)
            canvas.pixels[outer.y0 : outer.y1, outer.x0 : outer.x1] = 0
            part = Part(outer.x0 + 3, outer.y0 + 3, outer.x1 - 3, outer.y1 - 3)
            canvas.put(figure, _panel(figure, part, chance), part)
            start += wide
        top += high
    if chance.random() < 0.5:
        canvas.pixels[:] = canvas.pixels.mean(axis=2, keepdims=True).astype(np.uint8)
    return canvas.done()


def scene(figures: Sequence[Figure], chance: Generator) -> GroupPicture:
    """Figures with soft outlines side by side on a blurred background, in several sizes."""
    width, height = SCENE
    behind = _resized(figures[0].pixels, 16, 12)
    canvas = _Canvas(_resized(behind, width, height))
    columns = -(-len(figures) // 2)
    for place, figure in enumerate(figures):
        wide, high = width // columns, height // 2
        x, y = wide * (place % columns), high * (place // columns)
        scale = chance.uniform(0.55, 0.95)
        inner_wide, inner_high = round(wide * scale), round(high * scale)
        x += int(chance.integers(0, wide - inner_wide + 1))
        y += int(chance.integers(0, high - inner_high + 1))
        part = Part(x, y, x + inner_wide, y + inner_high)
        window = _around_head(figure, inner_wide / inner_high, chance.uniform(1.5, 2.2))
        shown = _resized(_window(figure.pixels, window), inner_wide, inner_high)
        mask = _soft_ellipse(inner_wide, inner_high)
        under = part.cut(canvas.pixels)
        canvas.pixels[part.y0 : part.y1, part.x0 : part.x1] = shown * mask + under * (1 - mask)
        canvas.mark(figure, window, part)
    return canvas.done()


KINDS: Final[dict[str, tuple[int, Draw]]] = {
    "2 x 2, half figures": (4, grid(2, half_figures=True)),
    "3 x 3, half figures": (9, grid(3, half_figures=True)),
    "4 x 4, half figures": (16, grid(4, half_figures=True)),
    "2 x 2, whole posts": (4, grid(2, half_figures=False)),
    "3 x 3, whole posts": (9, grid(3, half_figures=False)),
    "4 x 4, whole posts": (16, grid(4, half_figures=False)),
    "strip, 800 x 5,400": (6, strip),
    "strip, 800 x 21,600": (24, strip),
    "comic page": (7, page),
    "pasted figures": (6, scene),
}
"""Each kind's number of figures, and how it is drawn."""


def draw_pictures(
    figures: Sequence[Figure], kind: str, rounds: int, seed: int = 0
) -> list[GroupPicture]:
    """Draw as many pictures of a kind as show each figure `rounds` times."""
    count, draw = KINDS[kind]
    chance = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    pictures: list[GroupPicture] = []
    for _ in range(rounds):
        order = chance.permutation(len(figures)).tolist()
        order += order[: -len(order) % count]
        for start in range(0, len(order), count):
            chosen = [figures[index] for index in order[start : start + count]]
            pictures.append(draw(chosen, chance))
    return pictures


def _around_head(figure: Figure, aspect: float, sides: float) -> Box:
    """Return a window of the shape `aspect` (width by height) with the main head in its top.

    The shorter side is `sides` heads long, or what the picture has. The window lies in the picture
    where it fits there.
    """
    head = figure.main
    height, width = figure.pixels.shape[:2]
    shorter = min(sides * head.side, min(height, width / aspect) * min(1.0, aspect))
    shorter = max(shorter, 1.2 * head.side)
    high = shorter * max(1.0, 1 / aspect)
    wide = high * aspect
    x = head.center[0] - wide / 2
    y = head.center[1] - min(0.45 * high, 0.75 * head.side)
    x = min(max(x, 0.0), max(width - wide, min(x, 0.0)))
    y = min(max(y, 0.0), max(height - high, min(y, 0.0)))
    return Box(x, y, x + wide, y + high)


def _panel(figure: Figure, part: Part, chance: Generator) -> Box:
    """Return a window for a panel: from a close view of the head to five heads high and wide."""
    aspect = (part.x1 - part.x0) / (part.y1 - part.y0)
    return _around_head(figure, aspect, chance.uniform(1.2, 5.0))


def _window(pixels: Pixels, window: Box) -> Pixels:
    """Cut out a window; what lies beyond the picture has the mean colour of its border."""
    x0, y0, x1, y1 = (round(value) for value in window.as_list())
    height, width = pixels.shape[:2]
    colour = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).mean(axis=0)
    shown = np.full((y1 - y0, x1 - x0, 3), colour, np.uint8)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    shown[top - y0 : bottom - y0, left - x0 : right - x0] = pixels[top:bottom, left:right]
    return shown


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    interpolation = cv2.INTER_AREA if pixels.shape[1] > width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)


def _split(length: int, count: int, chance: Generator) -> list[int]:
    shares = chance.uniform(0.7, 1.3, count)
    ends = np.round(np.cumsum(shares) / shares.sum() * length).astype(int)
    return np.diff(ends, prepend=0).tolist()


def _soft_ellipse(width: int, height: int) -> np.ndarray:
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.clip((1 - (x**4 + y**4)) * 4, 0, 1)[..., None]
