"""Heads: how strongly they are regularised, and their file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.gallery.examples import Example
from models.gallery.fitted import Threshold
from models.gallery.head import STRENGTHS, choose_strength
from models.gallery.head_file import HeadError, read_head, write_head
from models.gallery.scoring import Scoring
from models.gallery.training_vectors import VectorSet
from tests.models.gallery.world import People

if TYPE_CHECKING:
    from models.gallery.namer import Namer


def test_a_head_survives_its_file(namer: Namer) -> None:
    head = replace(
        namer.gallery, calibration=namer.calibration, threshold=Threshold.rising(0.4, 8, 0.7)
    )
    back = read_head(write_head(head))
    assert back.characters == head.characters
    assert (back.calibration, back.threshold) == (head.calibration, head.threshold)
    assert np.abs(back.centroids - head.centroids).max() < 1e-3
    with pytest.raises(HeadError, match="can't be read"):
        read_head(b"no head")


def own_examples(centres: dict[str, np.ndarray], count: int, loud: float = 0.0) -> list[Example]:
    """Return `count` faces a character; `loud` is how much two axes vary that say nothing."""
    rng = np.random.default_rng(1)
    spread = np.full(32, 0.03)
    spread[[22, 23]] += loud
    examples = []
    for key, centre in centres.items():
        for _ in range(count):
            row = centre + rng.normal(0, spread)
            number = len(examples) + 1
            vector = (row / np.linalg.norm(row)).astype(np.float32)
            examples.append(Example(vector, key, False, number, number))
    return examples


def test_the_strength_is_chosen_by_faces_that_were_left_out(namer: Namer, data: VectorSet) -> None:
    """Where centroids can't tell two characters apart, weights may leave them; else not."""
    roster = People.of("aoi", "yuu")
    axes = np.eye(32)
    twins = {"aoi": axes[20] + 0.25 * axes[21], "yuu": axes[20] - 0.25 * axes[21]}
    directed = Scoring(classifier=1.0)
    loud = own_examples(twins, 24, loud=0.6)
    assert choose_strength(namer.gallery, data, loud, roster, directed) < STRENGTHS[-1]
    easy = own_examples(twins, 24)
    assert choose_strength(namer.gallery, data, easy, roster, directed) == STRENGTHS[-1]
    one_each = own_examples(twins, 1)
    assert choose_strength(namer.gallery, data, one_each, roster, directed) == STRENGTHS[-1]


def test_a_face_is_never_named_by_a_fit_on_its_copy(namer: Namer, data: VectorSet) -> None:
    """Copies share a group: with one group only there is nothing that could be left out."""
    roster = People.of("aoi")
    copies = [replace(e, group=1) for e in own_examples({"aoi": np.eye(32)[20]}, 8)]
    assert choose_strength(namer.gallery, data, copies, roster, namer.scoring) == STRENGTHS[-1]
