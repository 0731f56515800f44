"""What is drawn of an answer: numbered pictures, faces of their own, and faces together."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from bot.inference import FacePictures, IdentifiedPicture
from bot.inference.drawing import draw_answer
from models.card.sheet import PHONE, SMALLEST_TEXT, text_size
from models.types import Box, Face, NamedFace, Tier

SIDE = 144


def identified(count: int) -> IdentifiedPicture:
    """Return a picture whose faces have crops of one colour each."""
    faces = tuple(
        NamedFace(
            Face(Box(40 * n, 0, 40 * n + 30, 30), 0.9),
            (),
            Tier.NOT_KNOWN,
            np.zeros(4, np.float32),
            np.full((SIDE, SIDE, 3), 20 * n, np.uint8),
        )
        for n in range(count)
    )
    frame = np.full((100, 40 * count, 3), 255, np.uint8)
    return IdentifiedPicture("a.png", 40 * count, 100, faces, 0, {0: frame}, "0f", "ff", "test", {})


def test_faces_without_a_picture_of_their_own_are_shown_together() -> None:
    drawing = draw_answer(
        [(identified(4), False), (identified(8), False)],
        shown=FacePictures(5, ((5, 6, 7, 8, 9), (10, 11))),
        max_bytes=1_000_000,
        side=800,
        picture_format="JPEG",
    )
    assert (len(drawing.sheets), len(drawing.faces), len(drawing.together)) == (1, 5, 2)
    for data, colours in zip(drawing.together, ([20, 40, 60, 80, 100], [120, 140]), strict=True):
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        height, width = picture.shape[:2]
        # Every face's colour covers about as much as a crop is large, in the faces' order.
        for colour in colours:
            near = np.abs(picture.astype(int) - colour).max(2) <= 4
            assert near.sum() > width * height / len(colours) / 4
        shown = min(1.0, PHONE[0] / width, PHONE[1] / height)
        assert text_size(width, height) * shown >= SMALLEST_TEXT
