"""The figures themselves, on cases where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.gallery.gallery import unit
from models.gallery.scoring import Scoring
from models.training.evaluation import (
    Judged,
    Share,
    calibration_error,
    few_shot,
    tpir_at_fpir,
)


def test_wilson_interval_of_a_known_case() -> None:
    low, high = Share(45, 50).interval
    assert (low, high) == pytest.approx((0.7864, 0.9565), abs=1e-3)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_calibration_error_is_zero_where_probabilities_hold() -> None:
    rank = np.array([0] * 80 + [9] * 20)
    rng = np.random.default_rng(0)
    order = rng.permutation(100)
    assert calibration_error(Judged(np.full(100, 0.8), rank[order]), 1) == pytest.approx(0)
    assert calibration_error(Judged(np.full(100, 0.5), rank[order]), 1) == pytest.approx(0.3)


def test_known_faces_at_a_rate_of_impostors() -> None:
    known = Judged(np.array([0.9, 0.8, 0.3, 0.95]), np.array([0, 0, 0, 4]))
    impostors = Judged(np.linspace(0, 0.5, 100), np.full(100, 10**6))
    share, threshold = tpir_at_fpir(known, impostors, 0.05)
    assert (share.hits, share.total) == (2, 4)
    assert (impostors.confidence > threshold).mean() <= 0.05


def test_few_shots_on_separate_clusters() -> None:
    rng = np.random.default_rng(0)
    centers = np.eye(6, 16)
    noise = rng.normal(0, 0.05, (30, 16))
    vectors = unit((np.repeat(centers, 5, axis=0) + noise).astype(np.float32))
    labels = [f"c{i}" for i in range(6) for _ in range(5)]
    share = few_shot(vectors, labels, 1, scoring=Scoring(), draws=3)
    assert (share.hits, share.total) == (72, 72)
    grouped = few_shot(
        vectors, labels, 1, scoring=Scoring(), draws=3, groups=[i // 5 for i in range(30)]
    )
    assert grouped.total == 0
