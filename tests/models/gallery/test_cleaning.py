"""How typical each face of a character is."""

from __future__ import annotations

import numpy as np

from models.gallery.cleaning import typicality


def test_what_points_elsewhere_is_the_least_typical() -> None:
    alike = [np.array(v, np.float32) for v in ([1, 0], [0.8, 0.6], [0.8, -0.6])]
    other = np.array([0, 1], np.float32)
    found = typicality([*alike, other])
    assert min(found) == found[3]
    # (1, 0) + (0.8, 0.6) + (0.8, -0.6) = (2.6, 0): at right angles to the last.
    assert found[3] == 0.0
    assert all(-1 <= each <= 1 for each in found)


def test_what_is_alone_is_typical() -> None:
    assert typicality([]) == []
    assert typicality([np.array([1, 0], np.float32)]) == [1.0]
