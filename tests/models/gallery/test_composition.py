"""A server's gallery on top of the shipped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.gallery.composition import shown_by
from models.gallery.scoring import Scoring, scores
from tests.models.gallery.world import People, faces

if TYPE_CHECKING:
    from models.gallery.namer import Namer


def test_merged_shipped_characters_are_one_by_their_pictures(namer: Namer) -> None:
    classified = namer.gallery.with_class_weights(namer.gallery.centroids)
    roster = People.of("aoi")
    roster.stands_for = {"shipped_0": "shipped_1", "shipped_2": "aoi"}

    shown = shown_by(classified, roster)

    ids = [character.id for character in shown.characters]
    assert ids == [*(f"shipped_{i}" for i in (1, *range(3, 16))), "aoi"]
    assert shown.counts[[0, -1]].tolist() == [16, 8]
    asked = np.concatenate([faces(0, 4, 9), faces(1, 4, 9), faces(2, 4, 9)])
    best = scores(asked, shown, Scoring()).argmax(1)
    assert [ids[i] for i in best] == ["shipped_1"] * 8 + ["aoi"] * 4
    assert shown.classified.tolist() == list(range(1, 14))  # those that were merged into nobody
