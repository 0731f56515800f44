"""Which faces an answer shows."""

from __future__ import annotations

from dataclasses import replace

from models.shown_faces import worth_showing
from models.types import Box, NamedFace
from tests.models.drawn import named_face


def names(faces: list[NamedFace]) -> list[str]:
    return [face.best.character.name for face in worth_showing(faces)]


def test_a_box_inside_the_box_of_another_face_is_left_out() -> None:
    face = named_face(Box(0, 0, 100, 100), "Ai")
    eye = named_face(Box(30, 30, 60, 60), "Ruby")
    beside = named_face(Box(60, 60, 150, 150), "Kana")
    assert names([face, eye, beside]) == ["Ai", "Kana"]
    later = replace(eye, face=replace(eye.face, frame=1))
    assert names([later, face]) == ["Ai", "Ruby"]
    assert names([face, face]) == ["Ai", "Ai"]


def test_a_hopeless_guess_is_left_out_beside_a_better_one_and_shown_alone() -> None:
    good = named_face(Box(0, 0, 10, 10), "Ai", 0.6)
    hopeless = [named_face(Box(20 * n, 50, 20 * n + 10, 60), "Kana", 0.09) for n in (1, 2)]
    assert names([hopeless[0], good, hopeless[1]]) == ["Ai"]
    assert names(hopeless) == ["Kana", "Kana"]
    nobody = replace(good, guesses=())
    assert worth_showing([nobody]) == [nobody]
    assert names([nobody, good]) == ["Ai"]
