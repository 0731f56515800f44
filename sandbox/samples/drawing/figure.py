"""A whole drawing: backdrop, figures, and the light and style laid over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .accessories import draw_behind, draw_worn
from .backdrops import draw_backdrop
from .bangs import draw_bangs
from .canvas import Canvas, Color
from .clothes import draw_body
from .face import draw_brows, draw_features, draw_head
from .hair import draw_back, draw_side_locks
from .looks import Backdrop, Look, Palette, Shot, Style


def draw_figure(canvas: Canvas, look: Look, shot: Shot, style: Style) -> None:
    """Draw one character over what is there."""
    colors = Palette.of(look, style)
    place = (shot.x * canvas.width, shot.y * canvas.height, shot.size * canvas.width)
    head = canvas.placed(*place, shot.tilt)
    body = canvas.placed(*place, shot.tilt * 0.25)
    draw_back(head, colors, look.back, shot.turn)
    draw_body(body, look, colors)
    draw_behind(head, look, colors)
    draw_head(head, colors, shot)
    draw_features(head, look, colors, shot)
    draw_side_locks(head, colors, look.back, shot.turn)
    draw_bangs(head, colors, look.bangs, shot.turn)
    draw_brows(head, colors, shot)
    draw_worn(head, look, colors, shot.turn)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture to draw: `size` is (width, height) in pixels; figures named later stand in front.

    `light` is a colour that the whole picture is multiplied by (None: daylight); `seed` places what
    is strewn about in the backdrop; `spoiler` says that it is meant to be posted hidden.
    """

    figures: tuple[tuple[Look, Shot], ...]
    backdrop: Backdrop
    style: Style = "cel"
    size: tuple[int, int] = (480, 600)
    light: Color | None = None
    seed: int = 0
    spoiler: bool = False


def draw_picture(drawing: Drawing) -> Image.Image:
    """Draw the picture, RGB; the same description makes the same pixels."""
    canvas = Canvas(*drawing.size)
    draw_backdrop(canvas, drawing.backdrop, drawing.seed)
    if drawing.style == "soft":
        canvas.blur(4)
    for look, shot in drawing.figures:
        draw_figure(canvas, look, shot, drawing.style)
    return _finish(canvas.finished(), drawing.style, drawing.light)


def _finish(picture: Image.Image, style: Style, light: Color | None) -> Image.Image:
    """Apply light and style to a drawn picture."""
    if light is not None:
        tint = np.asarray(light, dtype=np.float32) / 255
        picture = Image.fromarray((np.asarray(picture) * tint).astype(np.uint8))
    if style == "soft":
        bloom = picture.filter(ImageFilter.GaussianBlur(max(picture.size) / 90))
        picture = Image.blend(
            picture, Image.fromarray(np.maximum(np.asarray(picture), np.asarray(bloom))), 0.6
        )
    if style == "grey":
        grey = np.asarray(picture.convert("L"), dtype=np.float32)
        grey = np.clip((grey - 110) * 1.25 + 128, 0, 255)
        y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
        screen = 26 * np.sin((x + y) * 0.9) * np.sin((x - y) * 0.9)
        middle = np.clip(1 - np.abs(grey - 150) / 60, 0, 1)
        picture = Image.fromarray(np.clip(grey + screen * middle, 0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    return picture
