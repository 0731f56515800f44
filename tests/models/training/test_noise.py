"""Pictures that look wrongly labelled are found, others are not."""

from __future__ import annotations

import numpy as np

from models.gallery.gallery import unit
from models.training.noise import doubtful


def _two_characters() -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(2, 16, dtype=np.float32), 6, axis=0)
    vectors = unit((centres + 0.1 * rng.normal(size=(12, 16))).astype(np.float32))
    return vectors, ["red"] * 6 + ["blue"] * 6


def test_right_labels_are_left_alone() -> None:
    assert doubtful(*_two_characters()) == []


def test_a_picture_that_another_class_fits_far_better_is_found() -> None:
    vectors, labels = _two_characters()
    labels[2] = "blue"
    assert doubtful(vectors, labels) == [2]


def test_the_only_picture_of_a_class_is_kept() -> None:
    vectors, labels = _two_characters()
    labels[2] = "green"
    assert doubtful(vectors, labels) == []
