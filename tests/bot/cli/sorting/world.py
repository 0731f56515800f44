"""A world to sort: pictures of coloured squares, stages that name red and green, and `sort`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from bot.cli import app
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.identify import Identifier
from models.roster.roster import unlisted
from models.types import Face, Pixels
from tests.models.test_identify import SIDE, BrightSquares, MeanColour

if TYPE_CHECKING:
    import pytest

    from models.embedding.embedder import Embedder

Colour = tuple[int, int, int]

RED, GREEN, BLACK = (250, 0, 0), (0, 250, 0), (0, 0, 0)
YELLOW, BLUE = (200, 200, 0), (0, 0, 250)
"""Between red and green, and far from both: nobody that is known."""


class LeftAndRight:
    """Finds the bright square of each half of a picture."""

    def detect(self, picture: Pixels) -> list[Face]:
        middle = picture.shape[1] // 2
        left, right = picture[:, :middle], picture[:, middle:]
        moved = [Face(f.box.moved(middle, 0), f.score) for f in BrightSquares().detect(right)]
        return BrightSquares().detect(left) + moved


def vector(colour: Colour) -> np.ndarray:
    return MeanColour().embed(np.full((1, SIDE, SIDE, 3), colour, np.uint8))


def use_light_stages(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Name red and green faces, in an empty folder with `in` in it."""
    gallery = Gallery.of({unlisted("red"): vector(RED), unlisted("green"): vector(GREEN)})
    namer = Namer(
        gallery,
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(0.9, 2),
        version="v",
    )
    stages = LeftAndRight(), cast("Embedder", MeanColour()), namer
    monkeypatch.setattr(Identifier, "load", lambda *_: Identifier(*stages))
    monkeypatch.chdir(folder)
    Path("in").mkdir()


def save(name: str, left: Colour, right: Colour = BLACK, size: int = 20) -> Path:
    """Save a picture with a square in each half that is not black."""
    frame = np.zeros((60, 120, 3), np.uint8)
    frame[10 : 10 + size, 10 : 10 + size] = left
    frame[10 : 10 + size, 80 : 80 + size] = right
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame).save(path)
    return path


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["sort", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def files(folder: str = "out") -> list[str]:
    """The pictures below a folder, as paths in it."""
    found = (path for path in Path(folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found if path.suffix != ".csv")
