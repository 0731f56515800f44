"""What the other faces of a picture say of a face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.gallery.beside import SERIES_BESIDE, priors_beside
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery, unit
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.types import Character

PEOPLE = (
    Character("aoi", "Aoi", "Show"),
    Character("yuu", "Yuu", "Show"),
    Character("rin", "Rin", "Game"),
    Character("ann", "Ann", ""),
)


def test_a_sure_face_speaks_for_its_series_in_its_own_frame_and_not_for_itself() -> None:
    found = priors_beside(["Show", "", "", ""], [0, 0, 1, 0], PEOPLE)
    assert found is not None
    said = [SERIES_BESIDE, SERIES_BESIDE, 0, 0]
    assert np.allclose(found, [[0] * 4, said, [0] * 4, said])
    assert priors_beside(["", "", ""], [0, 0, 0], PEOPLE) is None


def test_the_second_pass_lets_the_series_of_the_others_decide() -> None:
    """The same face is named otherwise beside a sure one, and no surer where it is of no series."""
    axes = np.eye(6, dtype=np.float32)
    shipped = Gallery.of({c: axes[[row]] for row, c in enumerate(PEOPLE)})
    namer = Namer(
        shipped,
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(0.5, 4),
        version="n",
    )
    between = np.array([0, 0.55, 0.58, 0, 0.6, 0], np.float32)
    faces = np.stack([axes[0], unit(between)])
    alone = namer.name(faces, frames=[0, 1])
    assert [n.guesses[0].character.id for n in alone] == ["aoi", "rin"]
    together = namer.name(faces, frames=[0, 0])
    assert [n.guesses[0].character.id for n in together] == ["aoi", "yuu"]
    assert together[0] == alone[0]
    # Nobody of the sure face's series is like it: then it is doubted, and never named for it.
    stranger = np.stack([axes[0], axes[2]])
    first, second = namer.name(stranger, frames=[0, 1])[1], namer.name(stranger, frames=[0, 0])[1]
    assert second.guesses[0].character.id == "rin"
    assert second.guesses[0].probability < first.guesses[0].probability
    assert namer.name(faces) == alone


def test_the_prior_of_a_server_and_that_of_a_picture_add_up() -> None:
    axes = np.eye(6, dtype=np.float32)
    shipped = Gallery.of({c: axes[[row]] for row, c in enumerate(PEOPLE)})
    posted = np.array([0, 0.1, 0, 0], np.float32)
    namer = Namer(
        replace(shipped, posted=posted),
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(0.5, 4),
        version="n",
    )
    between = np.array([0, 0.45, 0.58, 0, 0.6, 0], np.float32)
    faces = np.stack([axes[0], unit(between)])
    assert namer.name(faces, frames=[0, 1])[1].guesses[0].character.id == "rin"
    assert namer.name(faces, frames=[0, 0])[1].guesses[0].character.id == "yuu"
