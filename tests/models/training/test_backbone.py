"""Training the backbone: loss, draws, schedule, and a small run that is taken up again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.gallery import unit
from models.training.augmentation import Augmentation
from models.training.backbone import train_backbone
from models.training.batches import BalancedBatches
from models.training.dataset import Sample
from models.training.fusion import Features, fit_projections, fuse_runs
from models.training.margin import AdditiveMarginLoss, CosineClassifier
from models.training.plan import BackbonePlan, rate_at
from models.training.projections import discriminant, whitening
from models.training.quiet_keras import keras
from models.training.runs import load_trained
from models.training.trained import USED_SIDE, class_weights

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
    out = np.asarray(keras.ops.convert_to_numpy(layer(vectors)))
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


def test_shifted_hues_make_synthetic_identities() -> None:
    red, black = np.zeros((2, 24, 24, 3), np.uint8)
    red[...] = (200, 20, 60)
    labels = np.array([0, 1], np.int32)
    batches = BalancedBatches(
        [red, black], labels, Augmentation(), side=24, batch=64, steps=1, hue_shifted=0.5, hues=2
    )
    drawn = batches[0][1].tolist()
    assert set(drawn) == {0, 1, 2, 4}  # what has no colour can't be shifted into another
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


def test_classes_are_told_apart_by_what_varies_little_within_them() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 12)
    centres = np.zeros((60, 8), np.float32)
    centres[:, 1] = rng.normal(0, 3, 60)
    spread = np.array([5, 0.3, 1, 1, 1, 1, 1, 1])
    features = (centres[labels] + rng.normal(0, spread, (720, 8))).astype(np.float32)
    kernel, bias = discriminant(features, [f"character {label}" for label in labels], 1)
    assert np.abs(kernel[1, 0]) > 5 * np.abs(np.delete(kernel[:, 0], 1)).max()
    np.testing.assert_allclose((features @ kernel + bias).mean(0), 0, atol=1e-3)


def test_without_two_pictures_of_anybody_the_widest_axes_are_kept() -> None:
    features = np.random.default_rng(0).normal(0, [1, 5, 1], (40, 3)).astype(np.float32)
    kernel, _ = discriminant(features, [str(number) for number in range(40)], 1)
    assert np.abs(kernel[:, 0]).argmax() == 1


CHARACTERS, EACH = 30, 20


def _features(kept: int) -> tuple[Features, list[str]]:
    """Characters in six features with noise; two backbones, which kept so many of these and two."""
    rng = np.random.default_rng(kept)
    labels = np.repeat(np.arange(CHARACTERS), EACH)
    faces = rng.normal(size=(CHARACTERS, 6))[labels] + rng.normal(0, 0.1, (len(labels), 6))
    faces = faces.astype(np.float32)
    late = unit(faces[:, :kept]), unit(faces[:, :2])
    return Features(np.tile(faces, 2), late), [str(label) for label in labels]


def _told_apart(vectors: Vectors, labels: list[str]) -> float:
    """The share of faces whose nearest other is of the same character."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return float(np.mean(np.array(labels)[likeness.argmax(1)] == np.array(labels)))


def test_fusion_tells_apart_what_training_ignored() -> None:
    features, labels = _features(kept=2)
    without, half = (
        fit_projections(features, labels, share, 6).vectors(features) for share in (0.0, 0.5)
    )
    assert _told_apart(without, labels) < 0.6
    assert _told_apart(half, labels) > 0.9


def test_features_count_in_a_cosine_by_their_share() -> None:
    features, labels = _features(kept=4)
    fitted = fit_projections(features, labels, 0.7, 6)
    vectors = fitted.vectors(features)
    kernel, bias = fitted.intermediate
    intermediate = unit(features.intermediate @ kernel + bias)
    first, second = (late @ late.T for late in features.late)
    expected = 0.7 * intermediate @ intermediate.T + 0.15 * first + 0.15 * second
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-4)
    # Class weights stay what they are: the late part of a vector is the late features, rotated.
    rotated = fitted.late_vectors(features.late)
    np.testing.assert_allclose(rotated[:, 6:], unit(vectors[:, 6:]), atol=1e-4)
    assert not rotated[:, :6].any()


def test_features_of_some_backbones_are_a_subset() -> None:
    intermediate = np.arange(12, dtype=np.float32).reshape(2, 6)
    late = tuple(np.full((2, 3), backbone, np.float32) for backbone in range(2))
    alone = Features(intermediate, late).subset([1])
    np.testing.assert_array_equal(alone.intermediate, intermediate[:, 3:])
    assert len(alone.late) == 1
    assert (alone.late[0] == 1).all()


SHORT = BackbonePlan(
    cut="mixed6",
    axes=8,
    sides=((75, 1.0),),
    passes=3,
    batch=8,
    steps_an_epoch=2,
    hue_shifted=0.3,
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
def test_runs_are_fused(tmp_path: Path) -> None:
    samples = _coloured()
    plan = replace(SHORT, passes=1)
    first = train_backbone(samples, tmp_path / "first", plan)
    # The same seed gives the same random start, and so the layers that backbones share.
    second = train_backbone(samples, tmp_path / "second", replace(plan, cut="mixed7"))
    strange = train_backbone(samples, tmp_path / "strange", replace(plan, seed=9))
    crops = np.random.default_rng(1).integers(0, 256, (3, USED_SIDE, USED_SIDE, 3), np.uint8)

    def embedded(folder: str, runs: list[Path], share: float) -> Vectors:
        path = fuse_runs(samples, runs, tmp_path / folder, share=share, axes=12)
        embedder = Embedder.load(path)
        dimensions = 12 + min(12, 8 * len(runs))
        assert (embedder.side, embedder.dimensions) == (USED_SIDE, dimensions)
        return embedder.embed(crops)

    both = embedded("both", [first, second], 0.3)
    assert np.abs(both - embedded("without", [first, second], 0.0)).max() > 0.05
    assert embedded("one", [first], 0.3).shape == (3, 20)
    weights = class_weights(tmp_path / "both")
    assert set(weights) == {"red", "blue"}
    assert np.linalg.norm(np.stack([*weights.values()]), axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="backbone 2"):
        fuse_runs(samples, [first, strange], tmp_path / "no")
    start = tmp_path / "both" / EMBEDDING_FILE.name
    further = replace(plan, cut="mixed7", rate=0.0, last_rate=0.0)
    again = train_backbone(samples, tmp_path / "again", further, start=start, backbone=1)
    networks = [load_trained(run)[0] for run in (second, again)]
    for layer in ("conv_50", "projection"):
        kernels = [network.get_layer(layer).get_weights()[0] for network in networks]
        np.testing.assert_allclose(*kernels, atol=0.01 * np.abs(kernels[0]).max())
