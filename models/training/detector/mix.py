"""Draws one training picture for the detector: re-framed posts, panels of crops, pasted heads.

`draw_example` returns a square picture and its heads; `models.training.detector.targets` turns
heads into the map that the network should give.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.training.augmentation import compressed
from models.training.detector.data import Labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.detector.data import DetectorPictures, Heads
    from models.types import Pixels

SHARES: Final = (0.5, 0.3, 0.2)
"""Shares of re-framed posts, panels and pasted heads."""


def draw_example(
    pictures: DetectorPictures, side: int, random: np.random.Generator
) -> tuple[Pixels, Heads]:
    """Draw one picture, (side, side, 3) uint8 RGB, and its heads, (n, 3) float32."""
    kind = random.choice(3, p=SHARES)
    if kind == 1 or not pictures.posts:
        drawn = _panels(pictures, side, random)
    else:
        drawn = _post(_pick_post(pictures, random), side, random)
        if kind == 2:
            drawn = _pasted(drawn, pictures, random)
    return _recoloured(drawn.pixels, random), drawn.heads


def _pick(items: Sequence[Labelled], random: np.random.Generator) -> Labelled:
    return items[int(random.integers(len(items)))]


def _pick_post(pictures: DetectorPictures, random: np.random.Generator) -> Labelled:
    return pictures.posts[int(random.choice(len(pictures.posts), p=pictures.post_chances))]


def _warp(
    item: Labelled, matrix: NDArray[np.float64], size: tuple[int, int], random: np.random.Generator
) -> Labelled:
    """Apply a similarity, (2, 3), to a picture and its heads; fill what lies beyond somehow."""
    width, height = size
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    pixels = item.pixels
    if scale < 0.5:  # shrink by area first, or fine lines alias
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        factors = np.array(small.shape[1::-1]) / np.array(pixels.shape[1::-1])
        rotated = matrix.copy()
        rotated[:, :2] /= factors
        pixels = small
    else:
        rotated = matrix
    modes = (cv2.BORDER_CONSTANT, cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE)
    mode = modes[int(random.integers(len(modes)))]
    value = (255, 255, 255) if random.random() < 0.3 else tuple(random.integers(0, 256, 3).tolist())
    if random.random() < 0.3:
        value = (0, 0, 0)
    drawn = cv2.warpAffine(pixels, rotated, size, None, cv2.INTER_LINEAR, mode, value)
    heads = item.heads.copy()
    if len(heads):
        heads[:, :2] = heads[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        heads[:, 2] *= scale
        visible = np.minimum(heads[:, :2] + heads[:, 2:] / 2, (width, height)) - np.maximum(
            heads[:, :2] - heads[:, 2:] / 2, 0
        )
        heads = heads[(visible > 0).all(axis=1)]
    return Labelled(np.asarray(drawn, np.uint8), heads.astype(np.float32))


def _similarity(
    scale: float,
    degrees: float,
    mirrored: bool,
    source: tuple[float, float],
    to: tuple[float, float],
) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that turns and scales `source` onto the point `to`."""
    turn = np.deg2rad(degrees)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirrored:
        matrix[:, 0] *= -1
    shift = np.array(to) - matrix @ np.array(source)
    return np.hstack([matrix, shift[:, None]])


def _angle(random: np.random.Generator) -> float:
    draw = random.random()
    if draw < 0.04:
        return float(random.choice([-90, 90, 180])) + float(random.normal(0, 10))
    return float(random.normal(0, 25 if draw < 0.25 else 7))


def _post(item: Labelled, side: int, random: np.random.Generator) -> Labelled:
    """Re-frame a post: half of the time whole, else around a head or a place, at any scale."""
    height, width = item.pixels.shape[:2]
    fit = side / max(height, width)
    mirrored = bool(random.random() < 0.5)
    to = tuple((random.uniform(0.2, 0.8, 2) * side).tolist())
    if random.random() < 0.5:
        scale = fit * float(np.exp(random.uniform(-0.5, 0.15)))
        place = (width / 2, height / 2)
        slack = max(0.06, (1 - scale / fit) / 2)
        to = tuple(((0.5 + random.uniform(-slack, slack, 2)) * side).tolist())
    elif len(item.heads) and random.random() < 0.75:
        x, y, length = item.heads[int(random.integers(len(item.heads)))].tolist()
        if random.random() < 0.3:  # clothes and hands are what is taken for a head most
            y += float(random.uniform(0.8, 2.0)) * length
            length *= float(random.uniform(0.3, 1.0))
        scale = float(np.exp(random.uniform(np.log(12), np.log(side)))) / length
        scale = min(scale, 2.0)
        place = (x, y)
    else:
        scale = fit * float(np.exp(random.uniform(-0.3, 1.2)))
        place = (float(random.uniform(0, width)), float(random.uniform(0, height)))
    matrix = _similarity(scale, _angle(random), mirrored, place, to)
    return _warp(item, matrix, (side, side), random)


def _crop_into(item: Labelled, width: int, height: int, random: np.random.Generator) -> Labelled:
    """Fill a rectangle with a crop, cut where its shape asks for it, the head mostly inside."""
    rows, columns = item.pixels.shape[:2]
    cover = max(width / columns, height / rows) * float(np.exp(random.uniform(-0.02, 0.3)))
    matrix = _similarity(
        cover,
        float(random.normal(0, 6)),
        bool(random.random() < 0.5),
        tuple(item.heads[0, :2].tolist()),
        (width * float(random.uniform(0.42, 0.58)), height * float(random.uniform(0.42, 0.58))),
    )
    return _warp(item, matrix, (width, height), random)


def _panels(pictures: DetectorPictures, side: int, random: np.random.Generator) -> Labelled:
    """Set one to nine panels on a page: crops, and now and then a post without a chosen place."""
    rows, columns = (
        int(value)
        for value in random.choice([(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)])
    )
    gutter = int(random.integers(0, 7))
    page = np.full(
        (side, side, 3), random.choice([0, 255, 255, int(random.integers(256))]), np.uint8
    )
    heads: list[Heads] = []
    ys = _cuts(side, rows, random)
    grey = random.random() < 0.2
    for top, bottom in itertools.pairwise(ys):
        xs = _cuts(side, columns, random)
        for left, right in itertools.pairwise(xs):
            width, height = right - left - gutter, bottom - top - gutter
            if min(width, height) < 24:
                continue
            draw = random.random()
            if draw < 0.1:
                panel = _written(width, height, random)
            elif pictures.posts and draw < 0.4:
                size = max(width, height)
                panel = _post(_pick_post(pictures, random), size, random)
                panel = Labelled(panel.pixels[:height, :width], panel.heads)
            else:
                crops = pictures.wide if random.random() < 0.75 else pictures.tight
                panel = _crop_into(_pick(crops or pictures.tight, random), width, height, random)
            page[top : top + height, left : left + width] = panel.pixels
            inside = (panel.heads[:, 0] < width) & (panel.heads[:, 1] < height)
            heads.append(panel.heads[inside] + np.array([left, top, 0], np.float32))
    if grey:
        page = np.repeat(page.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    joined = np.concatenate(heads) if heads else np.zeros((0, 3), np.float32)
    return Labelled(page, joined.astype(np.float32))


def _written(width: int, height: int, random: np.random.Generator) -> Labelled:
    """Draw columns of strokes that look like writing, in a bubble or on plain paper: no head."""
    paper, ink = sorted(random.integers(0, 256, (2, 3)).tolist(), key=sum, reverse=True)
    if random.random() < 0.6:
        paper, ink = [255] * 3, [0] * 3
    page = np.full((height, width, 3), paper, np.uint8)
    if random.random() < 0.5:
        page[:] = random.integers(0, 256, 3)
        axes = (max(width * 2 // 5, 4), max(height * 2 // 5, 4))
        cv2.ellipse(page, (width // 2, height // 2), axes, 0, 0, 360, paper, -1)
        cv2.ellipse(page, (width // 2, height // 2), axes, 0, 0, 360, ink, 1)
    glyph = int(random.integers(6, 22))
    for x in range(width // 5, width * 4 // 5 - glyph, glyph + glyph // 3):
        for y in range(height // 5, height * 4 // 5 - glyph, glyph + glyph // 6):
            strokes = random.integers(0, glyph, (int(random.integers(2, 6)), 4))
            for x0, y0, x1, y1 in strokes.tolist():
                thick = max(1, glyph // 10)
                cv2.line(page, (x + x0, y + y0), (x + x1, y + y1), ink, thick, cv2.LINE_AA)
    return Labelled(page, np.zeros((0, 3), np.float32))


def _cuts(length: int, count: int, random: np.random.Generator) -> list[int]:
    inner = (np.arange(1, count) + random.uniform(-0.2, 0.2, count - 1)) / count
    return [0, *(inner * length).astype(int).tolist(), length]


def _pasted(base: Labelled, pictures: DetectorPictures, random: np.random.Generator) -> Labelled:
    """Paste one to three heads with a soft elliptic border where no head is yet."""
    side = base.pixels.shape[0]
    canvas = base.pixels.astype(np.float32)
    heads = [*base.heads.tolist()]
    for _ in range(int(random.integers(1, 4))):
        crop = _pick(pictures.tight if random.random() < 0.6 else pictures.wide, random)
        length = float(np.exp(random.uniform(np.log(12), np.log(0.5 * side))))
        x, y = random.uniform(0.05 * side, 0.95 * side, 2).tolist()
        if any(max(abs(x - a), abs(y - b)) < 0.6 * (length + c) for a, b, c in heads):
            continue
        rows, columns = crop.pixels.shape[:2]
        matrix = _similarity(
            length / float(crop.heads[0, 2]),
            _angle(random),
            bool(random.random() < 0.5),
            tuple(crop.heads[0, :2].tolist()),
            (x, y),
        )
        down, across = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
        power = float(random.choice([2, 4, 8]))
        soft = float(random.uniform(4, 14))
        mask = np.clip((1 - (np.abs(across) ** power + np.abs(down) ** power)) * soft, 0, 1)
        mask = cv2.warpAffine(mask.astype(np.float32), matrix, (side, side))[..., None]
        placed = _warp(crop, matrix, (side, side), random)
        pixels = placed.pixels.astype(np.float32)
        canvas = canvas * (1 - mask) + pixels * mask
        heads.append([x, y, length])
    return Labelled(
        np.clip(canvas, 0, 255).astype(np.uint8), np.array(heads, np.float32).reshape(-1, 3)
    )


def _recoloured(picture: Pixels, random: np.random.Generator) -> Pixels:
    """Change light, colour, sharpness and compression."""
    drawn = picture.astype(np.float32)
    if random.random() < 0.2:
        drawn = np.repeat(drawn @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2)
        if random.random() < 0.3:  # the hard black and white of a printed page
            drawn = np.clip((drawn - 128) * float(random.uniform(1.5, 4)) + 128, 0, 255)
    elif random.random() < 0.5:
        grey = drawn.mean(axis=2, keepdims=True)
        drawn = grey + (drawn - grey) * float(random.uniform(0.3, 1.6))
        drawn *= random.uniform(0.8, 1.2, 3).astype(np.float32)
    drawn = (drawn - 128) * float(random.uniform(0.6, 1.4)) + 128 + float(random.normal(0, 22))
    if random.random() < 0.15:
        drawn += random.normal(0, random.uniform(2, 14), drawn.shape).astype(np.float32)
    drawn = np.clip(drawn, 0, 255).astype(np.uint8)
    if random.random() < 0.2:
        drawn = cv2.GaussianBlur(drawn, (0, 0), float(random.uniform(0.4, 1.6)))
    if random.random() < 0.4:
        drawn = compressed(np.asarray(drawn, np.uint8), int(random.integers(25, 90)))
    if random.random() < 0.03:
        drawn = 255 - drawn
    return np.asarray(drawn, np.uint8)
