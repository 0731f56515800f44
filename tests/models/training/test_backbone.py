"""Training the backbone: loss, draws, schedule, and a small run that is taken up again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.augment import Augmentation
from models.embedding import EMBEDDING_FILE, Embedder
from models.training.backbone import (
    TESTED_SIDE,
    TRAINED_FILE,
    BackbonePlan,
    rate_at,
    train_backbone,
)
from models.training.batches import BalancedBatches
from models.training.blend import blend, blend_run, class_directions
from models.training.dataset import Sample
from models.training.margin import AdditiveMarginLoss, CosineClassifier
from models.training.whitening import whitening

if TYPE_CHECKING:
    from pathlib import Path


def test_the_loss_is_the_cross_entropy_with_a_margin() -> None:
    cosines = np.array([[0.5, 0.1, -0.2], [0.0, 0.3, 0.9]], np.float32)
    numbers = np.array([0, 1])
    logits = 10 * (cosines - 0.2 * np.eye(3)[numbers])
    expected = -np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))
    loss = AdditiveMarginLoss(margin=0.2, scale=10, smoothing=0.0)
    assert np.asarray(loss(numbers, cosines)) == pytest.approx(
        expected[np.arange(2), numbers].mean(), rel=1e-5
    )


def test_the_classifier_gives_cosines() -> None:
    layer = CosineClassifier(3)
    vectors = np.eye(4, dtype=np.float32)
    out = np.asarray(layer(vectors))
    directions = layer.get_weights()[0]
    np.testing.assert_allclose(
        out, directions / np.linalg.norm(directions, axis=0, keepdims=True), atol=1e-5
    )


def test_rare_classes_are_drawn_more_often_than_they_are() -> None:
    labels = np.array([0] * 90 + [1] * 10, np.int32)
    pictures = [np.zeros((8, 8, 3), np.uint8)] * 100

    def share(power: float) -> float:
        batches = BalancedBatches(
            pictures, labels, Augmentation(), side=8, batch=50, steps=6, power=power
        )
        return float(np.concatenate([batches[i][1] for i in range(6)]).mean())

    assert share(1.0) == pytest.approx(0.1, abs=0.03)
    assert share(0.0) == pytest.approx(0.5, abs=0.03)


def test_turned_hues_make_further_classes() -> None:
    red, black = np.zeros((2, 24, 24, 3), np.uint8)
    red[...] = (200, 20, 60)
    labels = np.array([0, 1], np.int32)
    batches = BalancedBatches(
        [red, black], labels, Augmentation(), side=24, batch=64, steps=1, turned=0.5, hues=2
    )
    drawn = batches[0][1].tolist()
    assert set(drawn) == {0, 1, 2, 4}  # what has no colour can't be turned into another
    assert 0.3 < sum(label > 1 for label in drawn) / sum(label != 1 for label in drawn) < 0.7


def test_a_batch_depends_on_seed_epoch_and_index_alone() -> None:
    rng = np.random.default_rng(0)
    pictures = list(rng.integers(0, 256, (10, 16, 16, 3)).astype(np.uint8))
    labels = np.arange(10, dtype=np.int32)

    def batches(epoch: int) -> BalancedBatches:
        return BalancedBatches(
            pictures, labels, Augmentation(), side=16, batch=4, steps=5, seed=3, epoch=epoch
        )

    np.testing.assert_array_equal(batches(2)[1][0], batches(2)[1][0])
    assert np.abs(batches(2)[1][0] - batches(3)[1][0]).max() > 0
    assert np.abs(batches(0)[0][0]).max() <= 1


def test_the_rate_rises_and_falls() -> None:
    plan = BackbonePlan()
    rates = [rate_at(plan, p, round(4000 * p)) for p in (0, plan.warm_up, 0.5, 1)]
    assert rates[0] < rates[1] == pytest.approx(plan.rate)
    assert rates[1] > rates[2] > rates[3] == pytest.approx(plan.last_rate)


def test_a_slow_machine_warms_up_over_as_many_steps() -> None:
    plan = BackbonePlan()
    rates = [rate_at(plan, step / 300, step) for step in (15, 60, 120)]
    assert rates[0] < 0.2 * plan.rate
    assert rates[0] < rates[1] < rates[2]


def test_whitened_features_are_uncorrelated() -> None:
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6))).astype(np.float32)
    kernel, bias = whitening(features, 3)
    out = features @ kernel + bias
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-2)
    correlation = np.corrcoef(out.T)
    assert np.abs(correlation - np.eye(3)).max() < 0.01


def test_a_blend_tells_apart_what_training_ignored() -> None:
    rng = np.random.default_rng(0)
    early, last = rng.normal(size=(2, 900, 6)).astype(np.float32)
    kernel, bias = np.eye(6, 4, dtype=np.float32), np.zeros(4, np.float32)
    kernel[3] = 0  # of six features training kept three

    given = blend(early, last, kernel, bias, 0.5)

    assert given.kernel.shape == (12, 4)
    assert np.linalg.norm(given.kernel[:6]) > 0.2
    assert np.abs(given.kernel[6 + 3 :]).max() < 1e-6
    # What is most of a trained vector still is, so a class keeps its direction.
    trained = last @ kernel
    seen = np.concatenate([early, last], axis=1) @ given.kernel + given.bias
    assert np.corrcoef((seen * (trained @ given.turn)).sum(1), (trained**2).sum(1))[0, 1] > 0.5


def test_without_a_share_the_earlier_block_counts_for_nothing() -> None:
    rng = np.random.default_rng(0)
    early, last = rng.normal(size=(2, 100, 6)).astype(np.float32)
    kernel, bias = np.eye(6, 4, dtype=np.float32), np.zeros(4, np.float32)
    given = blend(early, last, kernel, bias, 0.0)
    assert np.abs(given.kernel[:6]).max() < 1e-6


SHORT = BackbonePlan(
    cut="mixed6",
    dimensions=8,
    sides=((75, 1.0),),
    passes=3,
    batch=8,
    steps_an_epoch=2,
    turned=0.3,
    hues=2,
    augmentation=Augmentation(recolour=0, grey=0),
)


def _coloured() -> list[Sample]:
    """Two classes of noise in a colour of its own."""
    rng = np.random.default_rng(0)
    samples: list[Sample] = []
    for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        for picture in range(8):
            noise = rng.integers(-30, 30, (80, 80, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            samples.append(Sample("", label, "character", picture, "", 0, pixels))
    return samples


@pytest.mark.slow
def test_a_small_run_learns_and_resumes(tmp_path: Path) -> None:
    samples = _coloured()
    plan = SHORT

    def broken_off(_line: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_backbone(samples, tmp_path, plan, report=broken_off)
    train_backbone(samples, tmp_path, plan, probe=samples)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    train_backbone(samples, tmp_path, plan, probe=samples)

    assert [line["step"] for line in lines] == [2, 4, 6]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == len(lines)
    assert json.loads((tmp_path / "state.json").read_text())["done"]


@pytest.mark.slow
def test_a_run_is_blended(tmp_path: Path) -> None:
    samples = _coloured()
    run = train_backbone(samples, tmp_path / "run", replace(SHORT, passes=1))
    crops = np.random.default_rng(1).integers(0, 256, (3, TESTED_SIDE, TESTED_SIDE, 3), np.uint8)

    embedder = Embedder.load(blend_run(samples, run, tmp_path / "some"))
    without = Embedder.load(blend_run(samples, run, tmp_path / "none", 0.0))

    assert (embedder.side, embedder.dimensions) == (TESTED_SIDE, 8)
    assert np.abs(embedder.embed(crops) - without.embed(crops)).max() > 0.05
    directions = class_directions(tmp_path / "some")
    assert set(directions) == {"red", "blue"}
    assert np.linalg.norm(np.stack([*directions.values()]), axis=1) == pytest.approx(1, abs=1e-5)
    again = train_backbone(
        samples, tmp_path / "again", SHORT, start=tmp_path / "some" / EMBEDDING_FILE.name
    )
    assert (again / TRAINED_FILE).is_file()
