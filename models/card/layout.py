"""Decides where the picture and the faces' tiles go on a card, whatever the picture's shape."""

from __future__ import annotations

from dataclasses import dataclass

EDGE = 24
GAP = 14
MAX_TILES = 24

SMALLEST_PICTURE = 420
"""A smaller picture is enlarged to this longer side, so that its boxes can be seen."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a face's tile is, in pixels of the card."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes and places on a card, in its pixels; `scale` takes the picture to the card."""

    width: int
    height: int
    picture_x: int
    picture_y: int
    picture_width: int
    picture_height: int
    scale: float
    tiles: tuple[Tile, ...]


def lay_out(width: int, height: int, faces: int, max_side: int) -> Layout:
    """Place a picture of (width, height) and the tiles of its faces on a card.

    Tiles go below the picture or to its right, in as many columns as leave the picture largest on
    a card of at most `max_side`.
    """
    count = min(faces, MAX_TILES)
    if count == 0:
        return _placed(width, height, 0, 0, max_side, beside=False)
    layouts = [
        _placed(width, height, count, columns, max_side, beside=beside)
        for beside in (False, True)
        for columns in range(1, min(count, 5) + 1)
    ]
    fitting = [each for each in layouts if max(each.width, each.height) <= max_side] or layouts
    return max(fitting, key=_merit)


def _merit(layout: Layout) -> float:
    """A large picture is good; an empty card around it, or within stretched tiles, is not."""
    picture = layout.picture_width * layout.picture_height
    tile_width, tile_height = tile_size(len(layout.tiles))
    used = picture + len(layout.tiles) * tile_width * tile_height
    return picture**0.5 * used / (layout.width * layout.height)


def tile_size(count: int) -> tuple[int, int]:
    """Return the least width and the height of a tile: the more faces, the smaller."""
    if count <= 4:
        return 400, 136
    if count <= 10:
        return 340, 112
    return 290, 88


def _placed(
    width: int, height: int, count: int, columns: int, max_side: int, *, beside: bool
) -> Layout:
    tile_width, tile_height = tile_size(count)
    rows = -(-count // columns) if columns else 0
    panel_width = columns * (tile_width + GAP) - GAP if columns else 0
    panel_height = rows * (tile_height + GAP) - GAP if rows else 0
    free_width = max_side - 2 * EDGE - (panel_width + EDGE if beside else 0)
    free_height = max_side - 2 * EDGE - (panel_height + EDGE if rows and not beside else 0)
    fit = min(max(free_width, 64) / width, max(free_height, 64) / height)
    scale = min(fit, max(1.0, SMALLEST_PICTURE / max(width, height)))
    shown_width, shown_height = max(1, round(width * scale)), max(1, round(height * scale))
    if beside:
        inner_width = shown_width + EDGE + panel_width
        inner_height = max(shown_height, panel_height)
        panel_x, panel_y = EDGE + shown_width + EDGE, EDGE + (inner_height - panel_height) // 2
        picture_x, picture_y = EDGE, EDGE + (inner_height - shown_height) // 2
    else:
        inner_width = max(shown_width, panel_width)
        inner_height = shown_height + (EDGE + panel_height if rows else 0)
        panel_x, panel_y = EDGE, EDGE + shown_height + EDGE
        picture_x, picture_y = EDGE + (inner_width - shown_width) // 2, EDGE
        if columns:  # tiles take the picture's whole width
            tile_width = (inner_width - (columns - 1) * GAP) // columns
    tiles = tuple(
        Tile(
            panel_x + index % columns * (tile_width + GAP),
            panel_y + index // columns * (tile_height + GAP),
            tile_width,
            tile_height,
        )
        for index in range(count)
    )
    return Layout(
        inner_width + 2 * EDGE,
        inner_height + 2 * EDGE,
        picture_x,
        picture_y,
        shown_width,
        shown_height,
        scale,
        tiles,
    )
