"""Who is posted in a server, as log priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.gallery.posted import HALF_LIFE_DAYS, NO_PRIOR, PRIOR_WEIGHTS, Seen, log_priors
from models.gallery.scoring import with_prior
from models.types import Character

PEOPLE = (
    Character("aoi", "Aoi", "Show"),
    Character("yuu", "Yuu", "Show"),
    Character("rin", "Rin", "Game"),
    Character("ann", "Ann", ""),
)


def test_a_servers_own_characters_are_likelier_and_who_is_of_their_series() -> None:
    found = log_priors(PEOPLE, {"aoi", "rin", "gone"}, [], PRIOR_WEIGHTS)
    assert min(found[0], found[2]) > found[1] > found[3] == 0
    alone = log_priors(PEOPLE, {"aoi", "rin"}, [], replace(PRIOR_WEIGHTS, series=0.0))
    assert alone[0] == alone[2] > alone[1] == 0


def test_who_was_seen_often_takes_little_from_who_was_only_taught() -> None:
    seen = [Seen("aoi", 0.0)] * 300
    alone = log_priors(PEOPLE, {"rin"}, [], PRIOR_WEIGHTS)
    beside = log_priors(PEOPLE, {"rin"}, seen, PRIOR_WEIGHTS)
    assert beside[2] > 0.9 * alone[2]
    assert beside[0] < 1.2 * beside[2]


def test_a_large_series_makes_each_of_its_characters_less_likely() -> None:
    crowd = tuple(Character(f"x{n}", f"X{n}", "Saga") for n in range(40))
    seen = [Seen("aoi", 0.0), Seen("x0", 0.0)]
    found = log_priors((*PEOPLE, *crowd), (), seen, PRIOR_WEIGHTS)
    assert found[0] > found[4] > found[1] > found[5] > 0


def test_who_was_seen_and_whose_series_was_are_likelier() -> None:
    found = log_priors(PEOPLE, (), [Seen("aoi", 0.0)] * 5, PRIOR_WEIGHTS)
    assert found[0] > found[1] > found[2] == 0
    # Characters without a series have none in common.
    assert log_priors(PEOPLE, (), [Seen("ann", 0.0)], PRIOR_WEIGHTS)[:3].tolist() == [0, 0, 0]


def test_what_is_long_ago_counts_less() -> None:
    new, old, ancient = (
        log_priors(PEOPLE, (), [Seen("aoi", days)] * 4, PRIOR_WEIGHTS)[0]
        for days in (0.0, HALF_LIFE_DAYS, 20 * HALF_LIFE_DAYS)
    )
    twice = log_priors(PEOPLE, (), [Seen("aoi", 0.0)] * 2, PRIOR_WEIGHTS)[0]
    assert old == pytest.approx(twice)
    assert new > old > ancient
    assert ancient < new / 1000


def test_without_weights_nothing_is_added() -> None:
    seen = [Seen("aoi", 1.0)]
    assert np.array_equal(log_priors(PEOPLE, {"rin"}, seen, NO_PRIOR), np.zeros(4, np.float32))


def test_a_prior_is_no_evidence_against_anybody_else() -> None:
    score = np.array([[0.5, 0.4, 0.1], [0.9, 0.1, 0.2]], np.float32)
    posted = np.array([0.0, 0.2, 0.3], np.float32)
    found = with_prior(score, posted)
    assert np.allclose(found, [[0.5, 0.6, 0.1], [0.9, 0.1, 0.2]])
    assert np.array_equal(with_prior(score, np.zeros(3, np.float32)), score)
    by_face = np.stack([np.zeros(3, np.float32), 9 * posted])
    assert np.allclose(with_prior(score, by_face), [[0.5, 0.4, 0.1], [0.9, 0.1, 2.9]])
