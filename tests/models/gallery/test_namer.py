"""Galleries, scores, probabilities and "unknown"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.gallery.calibration import logistic
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery, unit
from models.gallery.hubness import NEIGHBOURS
from models.gallery.namer import Namer
from models.gallery.policy import NamingPolicy
from models.gallery.scoring import Scoring, scores
from models.roster.roster import load_roster
from models.types import Character, Tier, Vectors
from models.weight_files import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

DIMENSIONS = 16


def _character(index: int) -> Character:
    return Character(f"c{index}", f"Character {index}", "Series")


def _around(index: int, count: int, spread: float = 0.1, seed: int = 0) -> Vectors:
    rng = np.random.default_rng((seed, index))
    center = np.eye(DIMENSIONS, dtype=np.float32)[index]
    return unit((center + rng.normal(0, spread, (count, DIMENSIONS))).astype(np.float32))


def _gallery(characters: range, count: int = 4) -> Gallery:
    return Gallery.of({_character(i): _around(i, count) for i in characters})


def _namer(gallery: Gallery, threshold: float = 0.5) -> Namer:
    return Namer(
        gallery,
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(threshold, len(gallery.characters)),
        version="test",
    )


def test_faces_are_named_and_impostors_are_unknown() -> None:
    namer = _namer(_gallery(range(6)))
    namings = namer.name(np.concatenate([_around(2, 1, seed=1), _around(12, 1, seed=1)]))

    assert namings[0].guesses[0].character.id == "c2"
    assert namings[0].tier is Tier.NAMED
    assert namings[1].tier is Tier.NOT_KNOWN


def test_the_best_probability_is_what_the_threshold_applies_to() -> None:
    namer = _namer(_gallery(range(6)))
    vector = _around(3, 1, seed=5)
    probability = namer.name(vector)[0].guesses[0].probability

    def tier(named: float) -> Tier:
        return namer.name(vector, policy=NamingPolicy(named))[0].tier

    assert tier(probability) is Tier.NAMED
    assert tier(probability + 1e-6) is Tier.PROBABLY


def test_a_larger_gallery_asks_for_more() -> None:
    """The odds that are asked for rise e-fold with every doubling."""
    threshold = Threshold.rising(0.8, 6, 1.0)
    odds = np.exp([threshold.among(count) for count in (3, 6, 12, 24)])
    assert odds == pytest.approx([4 / np.e, 4, 4 * np.e, 4 * np.e**2])

    gallery = _gallery(range(6))
    namer = _namer(gallery)
    namer.threshold = threshold
    vector = _around(0, 1, seed=1)
    sure = namer.name(vector)[0].guesses[0].probability
    namer.threshold = Threshold.rising(sure - 1e-6, 6, 1.0)
    larger = gallery.extended(_gallery(range(6, 12)))
    assert namer.name(vector)[0].tier is Tier.NAMED
    assert namer.name(vector, larger)[0].tier is not Tier.NAMED
    low = replace(larger, threshold=Threshold.rising(0.0, 12, 1.0))
    assert namer.name(vector, low)[0].tier is Tier.NAMED


def test_guesses_descend_and_sum_to_at_most_one() -> None:
    for naming in _namer(_gallery(range(8))).name(_around(9, 20, spread=0.5)):
        probabilities = [guess.probability for guess in naming.guesses]
        assert len(probabilities) == 5
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1 + 1e-9


def test_a_small_gallery_gives_as_many_guesses_as_it_has() -> None:
    assert len(_namer(_gallery(range(2))).name(_around(0, 1))[0].guesses) == 2
    assert len(_namer(_gallery(range(1))).name(_around(0, 1))[0].guesses) == 1


def test_an_extended_gallery_names_old_and_new() -> None:
    namer = _namer(_gallery(range(5)))
    extended = namer.gallery.extended(_gallery(range(5, 8), count=1))

    named = namer.name(np.concatenate([_around(1, 1, seed=3), _around(6, 1, seed=3)]), extended)

    assert [naming.guesses[0].character.id for naming in named] == ["c1", "c6"]
    assert len(namer.gallery.characters) == 5


def test_a_character_that_both_have_is_merged_by_pictures() -> None:
    shipped, own = _gallery(range(3), count=3), _gallery(range(2, 4), count=1)
    merged = shipped.extended(own)

    assert [character.id for character in merged.characters] == ["c0", "c1", "c2", "c3"]
    assert merged.counts.tolist() == [3, 3, 4, 1]
    mixed = unit(3 * shipped.centroids[2] + own.centroids[0])
    np.testing.assert_allclose(merged.centroids[2], mixed, atol=1e-6)


def test_vectors_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        _namer(_gallery(range(2))).name(np.zeros((1, 8), np.float32))
    with pytest.raises(ValueError, match="embed the pictures again"):
        _gallery(range(2)).extended(Gallery.of({_character(9): np.ones((1, 8), np.float32)}))


def test_an_empty_gallery_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Gallery.of({_character(0): np.empty((0, DIMENSIONS), np.float32)})


def test_no_faces_no_names() -> None:
    assert _namer(_gallery(range(2))).name(np.empty((0, DIMENSIONS), np.float32)) == []


def test_saved_and_loaded_names_alike(tmp_path: Path) -> None:
    auxiliary = np.eye(DIMENSIONS, dtype=np.float32)[12:14]
    gallery = replace(_gallery(range(6)), auxiliary_weights=auxiliary)
    namer = _namer(gallery, threshold=0.37)
    namer.save(tmp_path / "naming.safetensors")
    roster = [_character(i) for i in range(6)]
    loaded = Namer.load(tmp_path / "naming.safetensors", roster)
    vectors = _around(4, 3, seed=2)

    assert loaded.threshold == namer.threshold
    np.testing.assert_array_equal(loaded.gallery.auxiliary_weights, auxiliary)
    for before, after in zip(namer.name(vectors), loaded.name(vectors), strict=True):
        assert before.guesses[0].character == after.guesses[0].character
        assert after.guesses[0].probability == pytest.approx(
            before.guesses[0].probability, abs=0.01
        )


def test_broken_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "naming.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"naming\.safetensors"):
        Namer.load(path)


def test_the_shipped_names_are_of_the_roster_and_no_icons() -> None:
    namer = Namer.load()
    characters = namer.gallery.characters
    assert len({character.id for character in characters}) == len(characters)
    assert not any("/" in character.id for character in characters)
    assert {character.id for character in characters} <= {c.id for c in load_roster()}
    assert 0 < logistic(np.array(namer.threshold_in(namer.gallery))) < 1


def test_no_face_is_what_its_class_is_likest_of_all() -> None:
    axes = np.eye(DIMENSIONS, dtype=np.float32)
    known = _gallery(range(2)).with_class_weights(axes[:2])
    known = replace(known, auxiliary_weights=axes[[14, 10]])
    gallery = known.extended(_gallery(range(4, 5)))  # taught: it has no class
    namer = _namer(known)

    def like(index: int) -> Vectors:
        return unit(axes[14:15] + 1.2 * axes[index])

    assert namer.is_non_face(axes[14:15], gallery).all()
    assert not namer.is_non_face(np.concatenate([like(1), like(10), like(4)]), gallery).any()
    assert namer.is_non_face(like(4)).all(), "nobody has taught it there"
    assert not namer.is_non_face(axes[14:15], replace(gallery, auxiliary_weights=None)).any()


def test_a_vector_nearer_to_no_face_than_to_anybody_is_no_face() -> None:
    namer = Namer.load()
    faces, non_faces = namer.gallery.centroids[:3], namer.gallery.non_faces[:3]
    assert not namer.is_non_face(faces).any()
    assert namer.is_non_face(non_faces).all()
    assert namer.is_non_face(np.empty((0, faces.shape[1]), np.float32)).shape == (0,)


def test_classifier_weights_count_beside_the_centroid() -> None:
    rng = np.random.default_rng(5)
    centroids, class_weights, probes = (
        unit(rng.normal(size=(n, 16)).astype(np.float32)) for n in (4, 4, 50)
    )
    class_weights[2:] = 0  # the last two have none: the centroid counts for them
    gallery = Gallery.of({_character(n): centroids[[n]] for n in range(4)})
    found = scores(probes, gallery.with_class_weights(class_weights), Scoring(classifier=0.6))
    expected = probes @ centroids.T
    expected[:, :2] = 0.4 * expected[:, :2] + 0.6 * probes @ class_weights[:2].T
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_who_is_like_many_others_is_scored_lower_by_half_of_what_sets_it_apart() -> None:
    rng = np.random.default_rng(3)
    rows = unit(rng.normal(size=(12, 16)).astype(np.float32))
    shipped = Gallery.of({_character(n): rows[[n]] for n in range(12)})
    hub, loner = unit(rows.mean(0, keepdims=True)), rng.normal(size=(1, 16))
    loner = unit((loner - loner @ np.linalg.pinv(rows) @ rows).astype(np.float32))
    both = shipped.extended(Gallery.of({_character(20): hub, _character(21): loner}))

    def nearest(vector: Vectors, others: Vectors) -> float:
        return float(np.sort(others @ vector)[-NEIGHBOURS:].mean())

    usual = float(np.mean([nearest(rows[n], np.delete(rows, n, axis=0)) for n in range(12)]))
    expected = np.array([nearest(row, rows) - usual for row in (hub[0], loner[0])])
    assert expected[0] > 0.1 > -0.1 > expected[1]
    np.testing.assert_allclose(both.hubness[:12], 0)
    np.testing.assert_allclose(both.hubness[12:], expected, atol=1e-6)
    assert both.base is shipped

    plain = rows[:4] @ both.centroids.T
    found = scores(rows[:4], both, Scoring(hubness=0.5))
    np.testing.assert_allclose(found[:, :12], plain[:, :12], atol=1e-6)
    np.testing.assert_allclose(found[:, 12:], plain[:, 12:] - 0.5 * expected, atol=1e-6)
    turned = scores(rows[:4], both.subset([13, *range(12)]), Scoring(hubness=0.5))
    np.testing.assert_allclose(turned[:, 0], found[:, 13], atol=1e-6)

    known = shipped.with_likeness()
    likeness = [nearest(rows[n], np.delete(rows, n, axis=0)) for n in range(12)]
    np.testing.assert_allclose(known.hubness, np.array(likeness) - usual, atol=1e-6)
    grown = known.extended(Gallery.of({_character(20): hub, _character(21): loner}))
    np.testing.assert_allclose(grown.hubness, [*known.hubness, *expected], atol=1e-6)
    several = replace(known, counts=np.full(12, 3, np.int32))
    np.testing.assert_allclose(
        scores(rows[:4], several, Scoring(hubness=0.5)), plain[:, :12], atol=1e-6
    )  # three pictures tell a character from a drawing


def test_who_is_drawn_more_is_likelier() -> None:
    axes = np.eye(4, dtype=np.float32)
    often = Character("often", "Often", "S", appearances=100_000)
    rarely = Character("rarely", "Rarely", "S", appearances=10)
    gallery = Gallery.of({rarely: axes[:1], often: axes[1:2]})
    asked = unit(axes[:1] + 0.95 * axes[1:2])
    assert scores(asked, gallery, Scoring(prior=0)).argmax() == 0
    assert scores(asked, gallery, Scoring(prior=0.01)).argmax() == 1
    taught = gallery.extended(Gallery.of({Character("own", "Own", ""): axes[2:3]}))
    mean = (np.log1p(100_000) + np.log1p(10)) / 2
    assert taught.log_appearances[2] == pytest.approx(mean)


@pytest.mark.parametrize(("shipped", "expected"), [(1, 0.0), (5, 0.0), (6, np.sqrt(0.5) / 5)])
def test_too_few_others_say_nothing_of_who_is_a_hub(shipped: int, expected: float) -> None:
    axes = np.eye(7, dtype=np.float32)
    gallery = Gallery.of({_character(n): axes[[n]] for n in range(shipped)})
    both = gallery.extended(Gallery.of({_character(9): unit(axes[:1] + axes[6:])}))
    np.testing.assert_allclose(both.hubness, [*[0.0] * shipped, expected], atol=1e-6)
    assert both.subset([shipped]).hubness.tolist() == [0.0]
