"""Scores of a large gallery, the metric below them, confidence and threshold by size."""

import numpy as np
import pytest

from models.gallery.gallery import unit
from models.gallery.large_gallery import LargeGallery, LargeScoring, hubness, mean_vectors
from models.gallery.metric import fit_metric
from models.gallery.sized_calibration import (
    SizedThreshold,
    fit_sized_calibration,
    fit_sized_threshold,
    sized_features,
)

RNG = np.random.default_rng(0)


def drawn(
    identities: int, pictures: int, spread: float, dimensions: int = 16, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of identities whose pictures differ along the first half of the dimensions alone."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((identities, dimensions))
    noise = rng.standard_normal((identities * pictures, dimensions)) * spread
    noise[:, dimensions // 2 :] *= 0.05
    labels = np.repeat(np.arange(identities), pictures)
    return unit((centres[labels] + noise).astype(np.float32)), labels


def test_mean_vectors_are_of_unit_length_and_in_order() -> None:
    vectors = np.eye(4, dtype=np.float32)
    found = mean_vectors(vectors, np.array([1, 1, 0, 2]), 3)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert found[0].argmax() == 2


def test_a_metric_ignores_what_pictures_of_one_character_differ_in() -> None:
    vectors, labels = drawn(200, 2, 2.0)
    asked, truth = drawn(200, 1, 2.0, seed=0)[0], np.arange(200)
    metric = fit_metric(vectors, labels, shrinkage=0.1)

    def right(seen: np.ndarray, queries: np.ndarray) -> np.ndarray:
        return (queries @ mean_vectors(seen, labels, 200).T).argmax(1) == truth

    asked = unit(drawn(200, 2, 2.0)[0][::2] + 0.3 * drawn(200, 1, 2.0, seed=5)[0])
    before = right(vectors, asked).mean()
    after = right(metric(vectors), metric(asked)).mean()
    assert after >= before
    kernel = np.abs(metric.kernel)
    assert kernel[8:, 0].sum() > kernel[:8, 0].sum()


def test_the_first_axes_of_a_metric_come_first() -> None:
    vectors, labels = drawn(100, 3, 1.0)
    metric = fit_metric(vectors, labels)
    assert metric(vectors, 4).shape == (300, 4)
    few = fit_metric(vectors, labels, dimensions=4)
    assert np.allclose(np.abs(few(vectors)), np.abs(metric(vectors, 4)), atol=1e-4)


def test_hubs_are_found() -> None:
    spread = RNG.standard_normal((60, 8)).astype(np.float32)
    hub = spread.mean(0) + 1.5
    found = hubness(unit(np.concatenate([spread + 1, hub[None]])))
    assert found.argmax() == 60
    assert hubness(unit(spread[:1])).tolist() == [0]


def test_hubs_are_scored_lower_where_few_pictures_are_enrolled() -> None:
    spread = np.random.default_rng(1).standard_normal((60, 8)).astype(np.float32)
    vectors = unit(np.concatenate([spread + 1, spread.mean(0)[None] + 1.5, spread[:3] + 1]))
    labels = np.array([*range(61), 0, 0, 0])
    unseen = np.zeros(61, np.float32)
    gallery = LargeGallery.of(vectors, labels, unseen, LargeScoring(0, 0.5, few=2))
    assert gallery.added[60] < min(0, np.quantile(gallery.added, 0.2))
    assert gallery.added[0] == 0
    plain = LargeGallery.of(vectors, labels, unseen, LargeScoring(0, 0))
    assert not plain.added.any()


def test_the_prior_prefers_whom_people_draw_more() -> None:
    vectors = np.array([[1, 0.02], [1, -0.02]], np.float32)
    known = np.array([np.log1p(10), np.log1p(100_000)], np.float32)
    labels = np.arange(2)
    plain = LargeGallery.of(vectors, labels, known, LargeScoring(prior=0))
    likely = LargeGallery.of(vectors, labels, known, LargeScoring(prior=0.01))
    asked = unit(np.array([[1, 0.01]], np.float32))
    assert plain.scores(asked).argmax() == 0
    assert likely.scores(asked).argmax() == 1


def test_the_features_are_score_margins_pictures_and_size() -> None:
    scores = np.array([[0.9, 0.5, 0.1, 0.2]], np.float32)
    found = sized_features(scores, np.array([4, 1, 1, 1]))[0]
    assert found == pytest.approx([0.9, 0.9 - 0.8 / 3, 0.4, np.log(4), 2])
    alone = sized_features(scores[:, :1], np.array([2]))[0]
    assert alone == pytest.approx([0.9, 0.9, 0.9, np.log(2), 0])


def asked_in(
    size: int, impostors: int = 400, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of known faces and of impostors in a gallery of `size` random centroids."""
    rng = np.random.default_rng((size, seed))
    centres = unit(rng.standard_normal((size, 24)).astype(np.float32))
    counts = np.ones(size, np.int64)
    owners = rng.integers(0, size, impostors)
    known = unit(centres[owners] + 0.25 * rng.standard_normal((impostors, 24)).astype(np.float32))
    others = unit(rng.standard_normal((impostors, 24)).astype(np.float32))
    scores = np.concatenate([known, others]) @ centres.T
    right = scores.argmax(1) == np.concatenate([owners, np.full(impostors, -1)])
    return sized_features(scores, counts), right, np.arange(2 * impostors) < impostors


def test_confidence_is_calibrated_on_known_and_unknown_half_and_half() -> None:
    parts = [asked_in(size) for size in (50, 200, 800)]
    found, right, known = (np.concatenate(column) for column in zip(*parts, strict=True))
    sure = fit_sized_calibration(found, right, known).probability(found)
    assert sure.mean() == pytest.approx(right.mean(), abs=0.02)
    high = sure > 0.8
    assert right[high].mean() == pytest.approx(sure[high].mean(), abs=0.05)


def test_confidence_needs_both() -> None:
    found, right, known = asked_in(50)
    with pytest.raises(ValueError, match="others"):
        fit_sized_calibration(found[known], right[known], known[known])


def test_the_threshold_keeps_its_fpir_as_a_gallery_grows() -> None:
    sizes = (60, 250, 1000, 4000)
    parts = [asked_in(size) for size in sizes]
    found, right, known = (np.concatenate(column) for column in zip(*parts, strict=True))
    confidence = fit_sized_calibration(found, right, known)
    odds = [confidence.log_odds(each[~own]) for each, _, own in parts]
    threshold = fit_sized_threshold(sizes, odds, 0.05)
    for size in (120, 2000, 8000):
        others, _, own = asked_in(size, seed=1)
        named = confidence.log_odds(others[~own]) > threshold.among(size)
        assert 0.02 < named.mean() < 0.09


def test_a_threshold_needs_three_sizes() -> None:
    with pytest.raises(ValueError, match="three"):
        fit_sized_threshold([10, 20], [np.zeros(5)] * 2)


def test_beyond_what_was_measured_the_threshold_goes_on_straight() -> None:
    threshold = SizedThreshold((0.0, 1.0, 0.0), 16, 64)
    assert threshold.among(256) == pytest.approx(8)
    bent = SizedThreshold((0.0, 0.0, 1.0), 16, 64)
    assert bent.among(128) == pytest.approx(36 + 12)
    assert bent.among(8) == pytest.approx(16 - 8)
