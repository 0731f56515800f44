"""Which faces an answer shows."""

from __future__ import annotations

from dataclasses import replace

from models.shown_faces import worth_showing
from models.types import Box, NamedFace, Tier
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


def test_a_hopeless_guess_is_left_out_beside_a_name_and_else_shown() -> None:
    good = named_face(Box(0, 0, 10, 10), "Ai", 0.6)
    hopeless = [named_face(Box(20 * n, 50, 20 * n + 10, 60), "Kana", 0.09) for n in (1, 2)]
    assert names([hopeless[0], good, hopeless[1]]) == ["Ai"]
    hopeless = [replace(face, tier=Tier.NOT_KNOWN) for face in hopeless]
    assert names(hopeless) == ["Kana", "Kana"]
    assert names([hopeless[0], good]) == ["Ai"]
    assert names([hopeless[0], replace(good, tier=Tier.NOT_KNOWN)]) == ["Kana", "Ai"]
    nobody = replace(good, guesses=(), tier=Tier.NOT_KNOWN)
    assert worth_showing([nobody]) == [nobody]
    assert names([nobody, good]) == ["Ai"]
