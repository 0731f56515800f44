"""Training the backbone: loss, draws, schedule, and a small run that is taken up again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.augment import Augmentation
from models.embedding import EMBEDDING_FILE, Embedder
from models.training.backbone import train_backbone
from models.training.batches import BalancedBatches
from models.training.blend import Seen, blend, blend_runs
from models.training.dataset import Sample
from models.training.margin import AdditiveMarginLoss, CosineClassifier
from models.training.networks import load_network
from models.training.plan import BackbonePlan, rate_at
from models.training.trained import TESTED_SIDE, TRAINED_FILE, class_directions
from models.training.whitening import whitening

if TYPE_CHECKING:
    from pathlib import Path

    from models.types import Vectors


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


def _seen(seed: int, kept: int) -> Seen:
    """Noise, of six features of which training kept so many."""
    early, last = np.random.default_rng(seed).normal(size=(2, 900, 6)).astype(np.float32)
    kernel = np.eye(6, 4, dtype=np.float32)
    kernel[kept:] = 0
    return Seen(early, last, kernel, np.zeros(4, np.float32))


def test_a_blend_tells_apart_what_training_ignored() -> None:
    seen = _seen(0, kept=3)

    given = blend([seen], 0.5, 4)

    assert given.kernel.shape == (12, 4)
    assert np.linalg.norm(given.kernel[:6]) > 0.2
    assert np.abs(given.kernel[6 + 3 :]).max() < 1e-6
    # What is most of a trained vector still is, so a class keeps its direction.
    (turn,) = given.turns
    trained = seen.last @ seen.kernel
    vectors = np.concatenate([seen.early, seen.last], axis=1) @ given.kernel + given.bias
    likeness = (vectors * (trained @ turn)).sum(1)
    assert np.corrcoef(likeness, (trained**2).sum(1))[0, 1] > 0.5


def test_trunks_count_alike_in_a_blend() -> None:
    first, second = _seen(0, kept=4), _seen(1, kept=2)

    given = blend([first, replace(second, kernel=9 * second.kernel)], 0.0, 8)

    averages = [first.early, first.last, second.early, second.last]
    vectors = np.concatenate(averages, axis=1) @ given.kernel + given.bias
    both = [first.last @ first.kernel, second.last @ second.kernel]
    both = [trained / np.linalg.norm(trained, axis=1).mean() for trained in both]
    expected = sum(trained @ trained.T for trained in both) / 2
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-4)
    turned = sum(trained @ turn for trained, turn in zip(both, given.turns, strict=True))
    np.testing.assert_allclose(turned / np.sqrt(2), vectors, atol=1e-4)


def test_without_a_share_the_earlier_block_counts_for_nothing() -> None:
    given = blend([_seen(0, kept=4)], 0.0, 4)
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
def test_runs_are_blended(tmp_path: Path) -> None:
    samples = _coloured()
    plan = replace(SHORT, passes=1)
    first = train_backbone(samples, tmp_path / "first", plan)
    # The same seed gives the same random start, and so the layers that trunks share.
    second = train_backbone(samples, tmp_path / "second", replace(plan, cut="mixed7"))
    strange = train_backbone(samples, tmp_path / "strange", replace(plan, seed=9))
    crops = np.random.default_rng(1).integers(0, 256, (3, TESTED_SIDE, TESTED_SIDE, 3), np.uint8)

    def embedded(folder: str, runs: list[Path], share: float) -> Vectors:
        path = blend_runs(samples, runs, tmp_path / folder, share=share, dimensions=12)
        embedder = Embedder.load(path)
        assert (embedder.side, embedder.dimensions) == (TESTED_SIDE, 12)
        return embedder.embed(crops)

    both = embedded("both", [first, second], 0.3)
    assert np.abs(both - embedded("without", [first, second], 0.0)).max() > 0.05
    assert np.abs(both - embedded("one", [first], 0.3)).max() > 0.05
    directions = class_directions(tmp_path / "both")
    assert set(directions) == {"red", "blue"}
    assert np.linalg.norm(np.stack([*directions.values()]), axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="trunk 2"):
        blend_runs(samples, [first, strange], tmp_path / "no")
    start = tmp_path / "both" / EMBEDDING_FILE.name
    further = replace(plan, cut="mixed7", rate=0.0, last_rate=0.0)
    again = train_backbone(samples, tmp_path / "again", further, start=start, trunk=1)
    networks = [load_network(run / TRAINED_FILE)[0] for run in (second, again)]
    kernels = [network.get_layer("conv_50").get_weights()[0] for network in networks]
    np.testing.assert_allclose(*kernels, atol=0.01 * np.abs(kernels[0]).max())
