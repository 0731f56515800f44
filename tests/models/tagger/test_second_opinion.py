"""What a tagger adds to the names of the own model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.gallery.policy import NamingPolicy
from models.tagger.second_opinion import MOST_FACES, SecondOpinion
from models.tagger.tagger import Tagger, TagGuess
from models.types import Box, Character, Tier
from tests.models.drawn import named_face
from tests.models.tagger.small_models import wd_model

if TYPE_CHECKING:
    from pathlib import Path

    from models.types import Pixels

MIKU = Character("hatsune_miku", "Hatsune Miku", "VOCALOID", "初音ミク")
REM = Character("rem_re_zero", "Rem", "Re:Zero kara Hajimeru Isekai Seikatsu")
USUAL = NamingPolicy()
KNOWN = {character.id: character for character in (MIKU, REM)}
HEADS = [Box(100 * n + 20, 20, 100 * n + 80, 80) for n in range(3)]


class StubTagger:
    """Sees what it was told to, and notes the boxes that it was asked about."""

    name = "stub"

    def __init__(self, *seen: TagGuess) -> None:
        self.seen = list(seen)
        self.boxes: list[Box] = []

    def characters(self, picture: Pixels, box: Box) -> list[TagGuess]:
        self.boxes.append(box)
        return self.seen


def opinion(*seen: TagGuess) -> tuple[SecondOpinion, StubTagger]:
    stub = StubTagger(*seen)
    return SecondOpinion(stub, 0.8), stub  # pyright: ignore[reportArgumentType]


PICTURE = np.zeros((100, 300, 3), np.uint8)


def test_a_real_tagger_names_who_the_own_model_does_not(tmp_path: Path) -> None:
    wd_model(tmp_path)
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, :100] = (0, 255, 0)  # the tagger's Miku
    picture[:, 200:] = (0, 0, 255)  # its Rem
    faces = [
        named_face(box, tier=Tier.NAMED if place == 1 else Tier.NOT_KNOWN)
        for place, box in enumerate(HEADS)
    ]
    improved = SecondOpinion(Tagger.load(tmp_path), 0.8).improve(faces, picture, 1.0, KNOWN, USUAL)

    assert [(named.best.character, named.best.by) for named in improved] == [
        (MIKU, "tagger"),
        (faces[1].best.character, ""),
        (REM, "tagger"),
    ]
    assert not any(named.unknown for named in improved)
    assert len(improved[0].guesses) == len(faces[0].guesses)
    assert improved[0].as_dict()["guesses"][0]["by"] == "tagger"
    assert "by" not in improved[1].as_dict()["guesses"][0]


def test_named_faces_are_not_asked_about() -> None:
    second, stub = opinion(TagGuess("hatsune_miku", 0.99))
    faces = [named_face(HEADS[0])]

    assert second.improve(faces, PICTURE, 1.0, KNOWN, USUAL) == tuple(faces)
    assert stub.boxes == []


def test_below_the_threshold_nothing_changes() -> None:
    second, stub = opinion(TagGuess("hatsune_miku", 0.79))
    faces = [named_face(HEADS[0], tier=Tier.NOT_KNOWN)]

    assert second.improve(faces, PICTURE, 1.0, KNOWN, USUAL) == tuple(faces)
    assert len(stub.boxes) == 1


def test_what_both_see_is_surer_than_either() -> None:
    second, _ = opinion(TagGuess("hoshino_ai", 0.7), TagGuess("hatsune_miku", 0.75))
    (improved,) = second.improve(
        [named_face(HEADS[0], "Hoshino Ai", 0.4, tier=Tier.NOT_KNOWN)], PICTURE, 1.0, KNOWN, USUAL
    )

    assert improved.best.character.id == "hoshino_ai"
    assert improved.best.probability == pytest.approx(1 - 0.3 * 0.6)
    assert [guess.character.id for guess in improved.guesses].count("hoshino_ai") == 1


def test_who_is_not_in_the_roster_is_called_by_the_tag() -> None:
    second, _ = opinion(TagGuess("kasane_teto_(utau)", 0.9))
    faces = [named_face(HEADS[0], tier=Tier.NOT_KNOWN)]
    (improved,) = second.improve(faces, PICTURE, 1.0, KNOWN, USUAL)

    assert improved.best.character == Character("kasane_teto_utau", "Kasane Teto", "Utau")


def test_the_largest_faces_are_asked_about_in_the_smaller_picture() -> None:
    second, stub = opinion(TagGuess("hatsune_miku", 0.9))
    faces = [named_face(Box(0, 0, side, side), tier=Tier.NOT_KNOWN) for side in range(40, 200, 10)]
    improved = second.improve(faces, PICTURE, 0.5, KNOWN, USUAL)

    assert [box.side for box in stub.boxes] == [95, 90, 85, 80][:MOST_FACES]
    assert [named.unknown for named in improved].count(False) == MOST_FACES
    assert second.asked_about(faces[:1], 0.5) == []  # 20 pixels are too few
