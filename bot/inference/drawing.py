"""Draws what an answer shows of its pictures, and nothing else; runs in a thread.

A single face has its own picture and no other: who asked sees the posted one. Several have one
picture with their numbers on it, a panel a picture, or a frame of an animation. Faces that have no
picture of their own are shown together, each with its number.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from bot.inference.results import Drawing
from models.card.sheet import NumberedBox, Panel, draw_sheet
from models.images.crops import MARGIN
from models.types import Box, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.inference.results import FacePictures, IdentifiedPicture
    from models.card.drawing import CardFormat
    from models.types import NamedFace, Pixels

_SUFFIXES: dict[CardFormat, str] = {"JPEG": ".jpg", "WEBP": ".webp"}
_QUALITY = 90


def draw_answer(
    pictures: Sequence[tuple[IdentifiedPicture, bool]],
    *,
    shown: FacePictures,
    max_bytes: int,
    side: int,
    picture_format: CardFormat,
) -> Drawing:
    """Draw the pictures of an answer; see `InferenceWorker.draw`."""
    numbered: list[tuple[IdentifiedPicture, bool, list[tuple[int, NamedFace]]]] = []
    count = 0
    for picture, hidden in pictures:
        numbered.append((picture, hidden, list(enumerate(picture.faces, count + 1))))
        count += len(picture.faces)

    def sheet(panels: Sequence[Panel]) -> bytes:
        return draw_sheet(panels, max_bytes=max_bytes, max_side=side, format=picture_format).data

    sheets: list[bytes] = []
    if count > 1:
        for part in (False, True):
            panels = [
                panel
                for picture, hidden, faces in numbered
                if hidden == part
                for panel in _panels(picture, faces)
            ]
            if panels:
                sheets.append(sheet(panels))
    faces = [face for picture, _ in pictures for face in picture.faces]
    return Drawing(
        _SUFFIXES[picture_format],
        tuple(sheets),
        tuple(_encoded(face.crop, picture_format) for face in faces[: shown.own]),
        tuple(
            sheet([_crop_panel(place + 1, faces[place]) for place in part])
            for part in shown.together
        ),
    )


def _panels(picture: IdentifiedPicture, faces: Sequence[tuple[int, NamedFace]]) -> Iterator[Panel]:
    """Return a picture with its faces, a panel for each frame that has some."""
    for index in sorted({face.face.frame for _, face in faces}):
        pixels = picture.frames[index]
        scale = pixels.shape[1] / picture.width
        yield Panel(
            pixels,
            tuple(
                NumberedBox(number, face.face.box.scaled(scale), face.tier is not Tier.NOT_KNOWN)
                for number, face in faces
                if face.face.frame == index
            ),
        )


def _crop_panel(number: int, face: NamedFace) -> Panel:
    """Return a face's crop with its number, which stands at the head so that it is clear whose."""
    side = face.crop.shape[0]
    start = side * MARGIN / (1 + 2 * MARGIN)
    head = Box(start, start, side - start, side - start)
    return Panel(face.crop, (NumberedBox(number, head, face.tier is not Tier.NOT_KNOWN),))


def _encoded(crop: Pixels, picture_format: CardFormat) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, picture_format, quality=_QUALITY)
    return buffer.getvalue()
