"""Training the backbone: loss, draws, schedule, and a small run that is taken up again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.augment import Augmentation
from models.embedding import Embedder
from models.training.backbone import TESTED_SIDE, BackbonePlan, rate_at, train_backbone
from models.training.batches import BalancedBatches
from models.training.blend import blend, whitening
from models.training.dataset import Sample
from models.training.margin import AdditiveMarginLoss, CosineClassifier

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
    features = rng.normal(size=(900, 6)).astype(np.float32)
    kernel, bias = np.eye(6, 4, dtype=np.float32), np.zeros(4, np.float32)
    kernel[3] = 0  # of six features training kept three

    given = blend(features, kernel, bias)

    assert given.kernel.shape == (6, 4)
    forgotten = np.eye(6, dtype=np.float32)[3:] @ given.kernel
    assert np.linalg.norm(forgotten) > 0.2
    # What is most of a trained vector still is, so a class keeps its direction.
    trained = features @ kernel
    alike = ((features @ given.kernel + given.bias) * (trained @ given.turn)).sum(1)
    assert np.corrcoef(alike, (trained**2).sum(1))[0, 1] > 0.7


@pytest.mark.slow
def test_a_small_run_learns_and_resumes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    samples: list[Sample] = []
    for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        for picture in range(8):
            noise = rng.integers(-30, 30, (80, 80, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            samples.append(Sample("", label, "character", picture, "", 0, pixels))
    plan = BackbonePlan(
        cut="mixed6",
        dimensions=8,
        sides=((75, 1.0),),
        passes=3,
        batch=8,
        steps_an_epoch=2,
        augmentation=Augmentation(recolour=0, grey=0),
    )

    def broken_off(_line: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_backbone(samples, tmp_path, plan, report=broken_off)
    path = train_backbone(samples, tmp_path, plan, probe=samples)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    again = train_backbone(samples, tmp_path, plan, probe=samples)

    assert [line["step"] for line in lines] == [2, 4, 6]
    assert again == path
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == len(lines)
    embedder = Embedder.load(path)
    assert (embedder.side, embedder.dimensions) == (TESTED_SIDE, 8)
