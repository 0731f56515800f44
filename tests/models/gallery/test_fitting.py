"""Fitting centroids, calibration and threshold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from models.gallery.calibration import confidence, confidence_features, log_odds
from models.gallery.clustering import centroids_of
from models.gallery.fitted import Calibration, Threshold
from models.gallery.fitting import Trial, examine, fit, refitted
from models.gallery.gallery import Gallery, trimmed_mean, unit
from models.gallery.scoring import Scoring
from models.training.galleries import fit_gallery
from models.types import Character, Vectors

RNG = np.random.default_rng(0)
CENTERS = unit(RNG.normal(size=(40, 32)).astype(np.float32))
CHARACTERS = [Character(f"c{i}", f"C {i}", "S") for i in range(20)]


def _faces(index: int, count: int, seed: int, spread: float = 0.22) -> Vectors:
    rng = np.random.default_rng((seed, index))
    return unit((CENTERS[index] + rng.normal(0, spread, (count, 32))).astype(np.float32))


def _learned() -> tuple[Vectors, list[str]]:
    vectors = np.concatenate([_faces(i, 12, 1) for i in range(20)])
    return vectors, [f"c{i}" for i in range(20) for _ in range(12)]


def _trial(seed: int) -> Trial:
    known = np.concatenate([_faces(i, 10, seed) for i in range(20)])
    impostors = np.concatenate([_faces(i, 10, seed) for i in range(20, 40)])
    truth = tuple(f"c{i}" for i in range(20) for _ in range(10)) + ("",) * len(impostors)
    return Trial(np.concatenate([known, impostors]), truth)


def test_a_centroid_ignores_a_wrong_label() -> None:
    right = _faces(0, 9, 1)
    wrong = _faces(7, 1, 1)
    clean, mixed = trimmed_mean(right), trimmed_mean(np.concatenate([right, wrong]))
    plain = unit(np.concatenate([right, wrong]).mean(0))
    assert mixed @ CENTERS[0] > plain @ CENTERS[0]
    assert clean @ mixed > 0.97


def test_clusters_are_few_and_of_unit_length() -> None:
    centres = centroids_of(_faces(0, 30, 1), 4)
    assert centres.shape == (4, 32)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    assert centroids_of(_faces(0, 3, 1), 4).shape == (3, 32)


def test_the_gallery_holds_characters_and_non_faces_but_no_icons() -> None:
    vectors, labels = _learned()
    labels[-12:] = ["no_face"] * 12
    labels[-24:-12] = ["icon/c18"] * 12
    class_weights = {"c0": CENTERS[0], "icon/c18": CENTERS[18], "no_face": CENTERS[19]}
    gallery = fit_gallery(vectors, labels, CHARACTERS, class_weights)
    np.testing.assert_array_equal(gallery.auxiliary_weights, CENTERS[[19, 18]])
    assert [character.id for character in gallery.characters] == [f"c{i}" for i in range(18)]
    assert len(gallery.non_faces)
    assert gallery.classified.tolist() == [0]


def test_probabilities_are_right_as_often_as_they_say_unknown_identities_counted_in() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    calibration, _ = fit(_trial(2), gallery, Scoring())
    found = examine(_trial(3), gallery, Scoring())
    sure = confidence(found.features, calibration)
    assert found.weights[found.known].sum() == pytest.approx(0.5)
    assert found.weights @ sure == pytest.approx(found.weights @ found.right, abs=0.04)
    assert sure[found.known].mean() > sure[~found.known].mean() + 0.3


def test_kinds_of_known_faces_count_alike() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    trial = _trial(2)
    kinds = ("a",) * 20 + ("b",) * 180 + ("",) * 200
    found = examine(replace(trial, kinds=kinds), gallery, Scoring())
    assert found.weights[:20].sum() == pytest.approx(0.25)
    assert found.weights[20:200].sum() == pytest.approx(0.25)


def test_a_face_of_a_character_that_a_smaller_gallery_lacks_is_not_asked() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    found = examine(_trial(2), gallery.subset(range(5)), Scoring())
    assert (found.known.sum(), (~found.known).sum()) == (50, 200)


def test_more_unknown_identities_make_a_name_less_likely() -> None:
    calibration = Calibration(mistaken=0.2)
    assert calibration.shift(0.5) == pytest.approx(0)
    # Of 20 known faces 10 are named rightly and 2 wrongly beside 8 of 80 unknown: 10 to 2 + 8.
    assert Calibration(mistaken=0.5).shift(0.8) == pytest.approx(math.log(0.2 / 0.5))
    assert calibration.shift(0.9) < calibration.shift(0.5) < calibration.shift(0.1)


def test_the_threshold_lets_a_twentieth_of_the_impostors_through() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    trial = _trial(2)
    calibration, threshold = fit(trial, gallery, Scoring())
    found = examine(trial, gallery, Scoring())
    odds = log_odds(found.features[~found.known], calibration)
    assert 0.02 <= (odds >= threshold.among(len(gallery.characters))).mean() <= 0.05


def test_the_threshold_rises_so_that_a_larger_gallery_names_no_more_impostors() -> None:
    rng = np.random.default_rng(0)
    centers = unit(rng.normal(size=(1600, 32)).astype(np.float32))
    impostors = unit(rng.normal(size=(2000, 32)).astype(np.float32))
    trial = Trial(impostors, ("",) * len(impostors))

    def gallery(count: int) -> Gallery:
        return Gallery.of({Character(f"c{i}", "", ""): centers[i : i + 1] for i in range(count)})

    calibration, threshold = fit(trial, gallery(400), Scoring(hubness=0))
    assert calibration == Calibration(), "nobody known was asked about"

    def named(count: int, limit: float) -> float:
        found = examine(trial, gallery(count), Scoring(hubness=0))
        return float((log_odds(found.features, calibration) >= limit).mean())

    assert named(1600, threshold.among(200)) > 0.09
    for count in (30, 800, 1600):
        assert named(count, threshold.among(count)) == pytest.approx(0.05, abs=0.025)


def test_a_gallery_too_small_to_be_halved_has_one_threshold() -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32))
    gallery = Gallery.of({Character(f"c{i}", "", ""): vectors[i : i + 1] for i in range(11)})
    threshold = fit(Trial(vectors, ("",) * 50), gallery, Scoring())[1]
    assert threshold.terms[1:] == (0.0, 0.0)
    alone = Trial(vectors[:11], tuple(f"c{i}" for i in range(11)))
    assert fit(alone, gallery, Scoring())[1].among(11) < -10, "no impostor says what is too little"


def test_beyond_what_was_measured_the_threshold_goes_on_straight() -> None:
    threshold = Threshold((0.0, 1.0, 0.0), 16, 64)
    assert threshold.among(256) == pytest.approx(8)
    assert threshold.moved(0.5).among(256) == pytest.approx(8.5)
    bent = Threshold((0.0, 0.0, 1.0), 16, 64)
    assert bent.among(128) == pytest.approx(36 + 12)
    assert bent.among(8) == pytest.approx(16 - 8)


def test_further_faces_move_a_calibration_but_never_turn_it_round() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    calibration, _ = fit(_trial(2), gallery, Scoring())
    found = examine(_trial(3), gallery, Scoring())
    odds = log_odds(found.features, calibration)
    moved = refitted(calibration.rescaled(1.0, 3.0), found)
    assert abs(log_odds(found.features, moved).mean() - odds.mean()) < 1.5
    turned = replace(found, right=~found.right)
    assert refitted(calibration, turned) == calibration


def test_the_features_are_score_margins_pictures_and_size() -> None:
    score = np.array([[0.9, 0.5, 0.1, 0.2]], np.float32)
    sure = [0.9, 0.9 - 0.8 / 3, 0.4]
    many = confidence_features(score, np.array([4, 1, 1, 1]))[0]
    assert many == pytest.approx([*sure, np.log(4), 2, 1, *sure])
    few = confidence_features(score, np.array([2, 9, 9, 9]))[0]
    assert few == pytest.approx([*sure, np.log(2), 2, 0, 0, 0, 0])
    alone = confidence_features(score[:, :1], np.array([1]))[0]
    assert alone == pytest.approx([0.9, 0.9, 0.9, 0, 0, 0, 0, 0, 0])
