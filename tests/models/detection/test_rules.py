"""The learned detector's rules: scores joined, doubts, and what is accepted."""

from __future__ import annotations

import numpy as np
import pytest

from models.detection.boxes import around
from models.detection.rules import RULES, Pass, Scale, accepted
from models.types import Box, Face

HEAD, OTHER = Box(0, 0, 40, 40), Box(100, 0, 140, 40)


def test_passes_that_agree_score_higher_than_one_alone() -> None:
    first = Pass(1, [Face(HEAD, 0.6), Face(OTHER, 0.8)])
    faces = RULES.fused([first, Pass(1, [Face(Box(2, 2, 42, 42), 0.6)])])
    by_score = sorted(faces, key=lambda face: face.score)
    assert [face.score for face in by_score] == pytest.approx([0.4, 0.6])
    assert by_score[1].box.x0 == pytest.approx(1)


def test_a_pass_in_which_a_head_is_too_small_says_nothing_of_it() -> None:
    (face,) = RULES.fused([Pass(0.2, []), Pass(1, [Face(HEAD, 0.6)])])
    assert face.score == pytest.approx(0.6)


def test_a_head_that_no_pass_shows_well_scores_less() -> None:
    (face,) = RULES.fused([Pass(0.4, [Face(HEAD, 0.6)])])
    assert face.score < 0.2


def test_the_best_head_is_accepted_sooner_than_further_ones() -> None:
    best, other = Face(HEAD, 0.3), Face(OTHER, 0.29)
    assert accepted([best, other], first=0.2, further=0.5) == [best]
    assert accepted([best, other], first=0.2, further=0.25) == [best, other]
    assert accepted([best, other], first=0.4, further=0.5) == []
    assert accepted([], first=0.2, further=0.5) == []


def test_a_box_in_the_box_of_another_head_is_left_out() -> None:
    head, eye, neighbour = around(50, 50, 100), around(85, 30, 28), around(110, 50, 90)
    faces = [Face(box, score) for box, score in ((eye, 0.9), (head, 0.6), (neighbour, 0.6))]
    assert accepted(faces, 0.2, 0.5) == [faces[1], faces[2]]


@pytest.mark.parametrize(
    ("scores", "doubt"),
    [
        ([RULES.sure], False),
        ([RULES.sure, RULES.first - 0.01], False),
        ([0.99, RULES.sure], False),
        ([RULES.sure - 0.01], True),
        ([0.99, RULES.first], True),
        ([RULES.first - 0.01], True),
        ([], True),
    ],
)
def test_the_first_pass_leaves_a_doubt_where_a_score_is_neither_high_nor_low(
    scores: list[float], doubt: bool
) -> None:
    faces = [Face(box, score) for box, score in zip((HEAD, OTHER), scores, strict=False)]
    assert RULES.doubtful(faces) == doubt


def test_several_are_two_that_are_likely_or_a_small_one() -> None:
    large, other, faint = Face(HEAD, 0.9), Face(OTHER, RULES.maybe), Face(OTHER, 0.2)
    assert RULES.several([large, other], 200)
    assert not RULES.several([large, faint], 200)
    assert not RULES.several([large, Face(around(20, 20, 10), 0.9)], 200)  # an eye
    assert RULES.several([large], 40 / RULES.small + 1)
    assert not RULES.several([], 200)


def test_a_strip_is_seen_by_stretches() -> None:
    portrait, strip = np.zeros((500, 400, 3), np.uint8), np.zeros((4000, 400, 3), np.uint8)
    assert Scale(250).size(portrait) == (250, 200)
    assert Scale(300).size(strip) == (2000, 200)


def _once(*sides: float) -> list[Pass]:
    """A pass that finds heads of these sides beside each other, none of them surely."""
    return [Pass(1, [Face(around(200 * n, 0, side), 0.45) for n, side in enumerate(sides)])]


def test_heads_of_a_group_are_accepted_sooner_than_a_second_one() -> None:
    assert len(RULES.accepted(_once(100, 90, 80))) == 3
    assert len(RULES.accepted(_once(100, 90))) == 1


def test_small_patterns_beside_a_head_make_no_group() -> None:
    assert len(RULES.accepted(_once(180, 30, 35, 40))) == 1


def test_of_two_heads_every_pass_has_as_much_to_say() -> None:
    close = Pass(2, [Face(HEAD, 0.9), Face(OTHER, 0.9)])
    assert len(RULES.accepted([close])) == 2
    assert len(RULES.accepted([Pass(0.3, [Face(HEAD, 0.9)]), close])) == 1
