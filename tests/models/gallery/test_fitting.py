"""Fitting centroids, calibration and threshold."""

from __future__ import annotations

import numpy as np
import pytest

from models.gallery.calibration import Trial, confidence, examine, fit_calibration
from models.gallery.clustering import centroids_of
from models.gallery.fitted import Calibration
from models.gallery.gallery import Gallery, trimmed_mean, unit
from models.gallery.open_set import fit_threshold
from models.gallery.scoring import Scoring
from models.training.evaluation import judge
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


def test_probabilities_are_right_as_often_as_they_say() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    calibration = fit_calibration(_trial(2), gallery, Scoring())
    feature, right, known = examine(_trial(3), gallery, Scoring())
    sure = confidence(feature, calibration)
    assert sure[known].mean() == pytest.approx(right[known].mean(), abs=0.06)
    assert sure[known].mean() > sure[~known].mean() + 0.2


def test_the_threshold_lets_a_twentieth_of_the_impostors_through() -> None:
    gallery = fit_gallery(*_learned(), CHARACTERS, {})
    trial = _trial(2)
    calibration = fit_calibration(trial, gallery, Scoring())
    threshold = fit_threshold(trial, gallery, Scoring(), calibration)
    judged = judge(trial.vectors, trial.truth, gallery, Scoring(), calibration)
    named = judged.confidence[200:] >= threshold.least
    assert 0.02 <= named.mean() <= 0.05
    assert threshold.characters == len(gallery.characters)


def test_the_threshold_rises_so_that_a_doubled_gallery_names_no_more_impostors() -> None:
    rng = np.random.default_rng(0)
    centers = unit(rng.normal(size=(240, 32)).astype(np.float32))
    impostors = unit(rng.normal(size=(2000, 32)).astype(np.float32))
    trial = Trial(impostors, ("",) * len(impostors))

    def gallery(count: int) -> Gallery:
        return Gallery.of({Character(f"c{i}", "", ""): centers[i : i + 1] for i in range(count)})

    calibration = Calibration(weights=(1.0, 0.0, 0.0))
    threshold = fit_threshold(trial, gallery(60), Scoring(), calibration)

    def named(count: int, limit: float) -> float:
        judged = judge(impostors, trial.truth, gallery(count), Scoring(), calibration)
        return float((judged.confidence >= limit).mean())

    assert named(240, threshold.least) > 0.12
    assert named(240, threshold.among(240)) == pytest.approx(0.05, abs=0.02)


def test_a_gallery_too_small_to_be_halved_has_one_threshold() -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32))
    gallery = Gallery.of({Character(f"c{i}", "", ""): vectors[i : i + 1] for i in range(11)})
    threshold = fit_threshold(Trial(vectors, ("",) * 50), gallery, Scoring(), Calibration())
    assert threshold.per_doubling == 0.0
    alone = Trial(vectors[:11], tuple(f"c{i}" for i in range(11)))
    assert fit_threshold(alone, gallery, Scoring(), Calibration()).least == 0.5
