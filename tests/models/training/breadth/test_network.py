"""The network of the breadth run, and a step of its training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from models.training.breadth.network import (
    TrainingStep,
    build_breadth_network,
    freeze,
    give,
    load_breadth_network,
    outputs_of,
    save_weights,
)
from models.training.breadth.recipe import BreadthPlan, ClassWeights
from models.training.breadth.start import load_start
from models.training.embedding_network import build_embedding_network
from models.training.export import export_embedding, load_embedding
from models.training.quiet_keras import keras
from models.training.structure import Fusion, Structure

if TYPE_CHECKING:
    from pathlib import Path

PLAN = replace(BreadthPlan(), dimensions=8, singles=8, pairs=4, average=0.9, sampled=6)
MEMORY = np.zeros((16, 8), np.float32), np.full(16, -1, np.int64)


def small_network() -> keras.Model:
    """Sixteen pixels to eight dimensions."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((16, 16, 3))
    seen = keras.layers.Conv2D(8, 3, activation="relu")(pixels)
    seen = keras.layers.GlobalAveragePooling2D()(seen)
    unit = keras.layers.UnitNormalization()(keras.layers.Dense(8)(seen))
    return keras.Model(pixels, unit)


def drawn(rng: np.random.Generator, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Faces of plain colours; the last eight are four pairs."""
    labels = np.concatenate([rng.integers(0, 6, 8), np.repeat(rng.integers(0, 6, 4), 2)])
    noise = rng.integers(-20, 21, (16, 16, 16, 3))
    return np.clip(colours[labels][:, None, None] + noise, 0, 255).astype(np.uint8), labels


def trained(steps: int) -> tuple[TrainingStep, list[float], ClassWeights]:
    """Train a small network to tell six colours apart."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((6, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    classes = ClassWeights(rows, np.ones(6, np.bool_))
    colours = rng.integers(0, 256, (6, 3))
    step, losses = TrainingStep(small_network(), PLAN), []
    chosen, counted = np.arange(6), np.ones(16, np.bool_)
    for _ in range(steps):
        faces, labels = drawn(rng, colours)
        softmax, _, _, slope, _ = step(
            faces, labels, chosen, classes.rows[chosen], MEMORY, counted, 1e-2
        )
        classes.train(chosen, slope, 0.1)
        losses.append(softmax)
    return step, losses, classes


def test_it_learns_what_tells_colours_apart() -> None:
    _, losses, classes = trained(120)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2
    assert np.allclose(np.linalg.norm(classes.rows, axis=1), 1, atol=1e-5)


def test_faces_that_do_not_count_move_no_class() -> None:
    step = TrainingStep(small_network(), replace(PLAN, contrast=0.0))
    faces, labels = drawn(np.random.default_rng(0), np.full((6, 3), 100))
    rows = np.eye(8, dtype=np.float32)[:6]
    nobody = np.zeros(16, np.bool_)
    *_, slope, _ = step(faces, labels, np.arange(6), rows, MEMORY, nobody, 1e-2)
    assert not slope.any()


def test_a_restored_step_goes_on_where_it_was() -> None:
    step, _, classes = trained(10)
    state = step.state()
    other = TrainingStep(small_network(), PLAN)
    other.restore(state)
    faces, labels = drawn(np.random.default_rng(5), np.full((6, 3), 50))
    arguments = (faces, labels, np.arange(6), classes.rows, MEMORY, np.ones(16, np.bool_), 1e-3)
    assert step(*arguments)[0] == pytest.approx(other(*arguments)[0], rel=1e-5)
    pairs = zip(step.averaged(), other.averaged(), strict=True)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in pairs)


@pytest.mark.slow
def test_a_network_is_rebuilt_from_its_weights(tmp_path: Path) -> None:
    network = build_breadth_network(("mixed3", "mixed8"), 16)
    freeze(network, "mixed0")
    assert 0 < len(network.trainable_weights) < len(network.weights)
    save_weights(
        tmp_path / "a.npz", network.get_weights(), taps=("mixed3", "mixed8"), dimensions=16
    )
    again, settings = load_breadth_network(tmp_path / "a.npz")
    assert settings["dimensions"] == 16
    save_weights(
        tmp_path / "b.npz",
        network.get_weights(),
        int8=True,
        taps=("mixed3", "mixed8"),
        dimensions=16,
    )
    assert (tmp_path / "b.npz").stat().st_size < (tmp_path / "a.npz").stat().st_size / 3.5
    coarse, _ = load_breadth_network(tmp_path / "b.npz")
    crop = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    found = [
        np.concatenate([*outputs_of(n, lambda _: crop, 2, batch=2)])
        for n in (network, again, coarse)
    ]
    assert np.allclose(found[0], found[1], atol=1e-5)
    assert (found[0] * found[2]).sum(1).min() > 0.99
    assert np.allclose(np.linalg.norm(found[0], axis=1), 1, atol=1e-4)


@pytest.mark.slow
def test_an_embedding_computes_what_the_run_does(tmp_path: Path) -> None:
    taps = ("mixed3", "mixed8")
    network = build_breadth_network(taps, 16)
    rng = np.random.default_rng(0)
    mean, variance = rng.normal(0, 0.1, 16), rng.uniform(0.5, 2, 16)
    network.get_layer("centred").set_weights([mean, variance])
    structure = Structure(("mixed8",), 16, Fusion(("mixed3", "mixed4"), 6, 22), taps)
    embedding = build_embedding_network(96, structure)
    give(network, embedding)
    pixels = rng.uniform(-1, 1, (2, 96, 96, 3)).astype(np.float32)
    expected = np.asarray(network.predict_on_batch(pixels))
    late = keras.Model(embedding.input, embedding.get_layer("unit").output)
    assert np.allclose(late.predict_on_batch(pixels), expected, atol=1e-4)
    export_embedding(embedding, tmp_path / "embedding.tflite", structure)
    again, same = load_embedding(tmp_path / "embedding.tflite")
    assert same == structure
    vectors = np.asarray(embedding.predict_on_batch(pixels))
    assert (np.asarray(again.predict_on_batch(pixels)) * vectors).sum(1).min() > 0.98
    # and another run goes on from it
    start = build_breadth_network(taps, 16)
    load_start(start, tmp_path / "embedding.tflite")
    exact = network.get_layer("conv_30").get_weights()[0]
    found = start.get_layer("conv_30").get_weights()[0]
    assert np.allclose(found, exact, atol=np.abs(exact).max() / 127)


@pytest.mark.slow
def test_a_run_starts_from_what_an_embedding_was_exported_with(tmp_path: Path) -> None:
    structure = Structure(("mixed8", "mixed7"), 8, Fusion(("mixed3",), 8, 8))
    finished = build_embedding_network(96, structure)
    export_embedding(finished, tmp_path / "embedding.tflite", structure)
    network = build_breadth_network(("mixed3",), 8)
    load_start(network, tmp_path / "embedding.tflite", 0)
    kernel, bias = network.get_layer("conv_20").get_weights()
    exact, other = finished.get_layer("conv_20").get_weights()
    assert np.allclose(kernel, exact, atol=np.abs(exact).max() / 127)
    assert np.allclose(bias, other)
    deeper = build_breadth_network(("mixed3", "mixed8"), 8)
    with pytest.raises(ValueError, match=r"backbone 1 of .* has no conv_"):
        load_start(deeper, tmp_path / "embedding.tflite", 1)
