"""Covering a crop place by place, and what a score loses by it; the nearest of vectors."""

from __future__ import annotations

import numpy as np

from models.embedding.occlusion import GRID, covered, losses
from models.gallery.nearest import nearest


def test_every_pixel_is_covered_in_some_copy_and_shown_in_another() -> None:
    crop = np.random.default_rng(1).integers(0, 255, (144, 144, 3)).astype(np.uint8)
    crop[crop == crop.reshape(-1, 3).mean(0).astype(np.uint8)] += 1
    copies = covered(crop)
    assert copies.shape == (GRID * GRID, 144, 144, 3)
    changed = (copies != crop).all(axis=-1)
    assert changed.any(axis=0).all()
    assert not changed.all(axis=0).any()
    assert (crop != covered(crop)[0]).any()  # the crop itself is left as it was


def test_what_the_score_rests_on_stands_out() -> None:
    crop = np.full((100, 100, 3), 90, np.uint8)
    crop[80:, :20] = 255  # the lower left corner
    scores = covered(crop)[:, 80:, :20].mean(axis=(1, 2, 3)).astype(np.float32)
    rows = losses(255.0, scores)
    assert max((loss, row, column) for row, r in enumerate(rows) for column, loss in enumerate(r))[
        1:
    ] == (GRID - 1, 0)
    assert rows[0][GRID - 1] == 0


def test_the_nearest_come_first() -> None:
    others = list(np.eye(4, dtype=np.float32))
    wanted = np.array([0.1, 0.9, 0.4, 0.0], np.float32)
    found = nearest(wanted, others, 2)
    assert [place for place, _ in found] == [1, 2]
    assert np.isclose(found[0][1], 0.9)
    assert nearest(wanted, [], 2) == []
