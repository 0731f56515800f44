"""Kappa, held to the published examples."""

from __future__ import annotations

import pytest

from models.gallery.agreement import cohen_kappa, fleiss_kappa

FLEISS_1971_LIKE = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
"""Fourteen raters, ten items, five labels; the textbook's kappa is 0.210."""


def test_fleiss_is_the_textbooks() -> None:
    items = [{str(label): n for label, n in enumerate(row) if n} for row in FLEISS_1971_LIKE]
    assert fleiss_kappa(items) == pytest.approx(0.210, abs=5e-4)


def test_cohen_is_the_textbooks() -> None:
    # 20 both yes, 5 yes and no, 10 no and yes, 15 both no: 0.4.
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_items_with_other_numbers_of_raters_count_alike() -> None:
    full = fleiss_kappa([{"a": 2}, {"a": 3}, {"b": 2}, {"b": 4}])
    assert full == pytest.approx(1.0)
    assert fleiss_kappa([{"a": 1, "b": 1}, {"a": 1, "b": 1}]) == pytest.approx(-1.0)


def test_what_says_nothing_is_none() -> None:
    assert fleiss_kappa([]) is None
    assert fleiss_kappa([{"a": 1}, {"b": 1}]) is None
    assert fleiss_kappa([{"a": 3}]) is None
    assert cohen_kappa([], []) is None
    assert cohen_kappa(["a", "a"], ["a", "a"]) is None
