"""A step for an accelerator, in a process of its own, as Keras's backend is chosen once."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

pytest.importorskip("jax")
pytest.importorskip("keras")

SCRIPT = """
import numpy as np
import keras
from models.training.breadth.recipe import BreadthPlan
from models.training.breadth.on_jax import AcceleratedStep

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
pixels = keras.Input((16, 16, 3))
seen = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, activation="relu")(pixels))
centred = keras.layers.BatchNormalization(momentum=0.9, center=False, scale=False)(
    keras.layers.Dense(8)(seen)
)
unit = keras.layers.UnitNormalization()(centred)
network = keras.Model(pixels, unit)
colours = rng.integers(0, 256, (6, 3))
classes = rng.standard_normal((6, 8)).astype(np.float32)
classes /= np.linalg.norm(classes, axis=1, keepdims=True)
plan = BreadthPlan(dimensions=8, singles=8, pairs=4, memory=32, class_rate=0.1, average=0.9)
step = AcceleratedStep(network, classes, plan)
figures = []
for _ in range(150):
    labels = np.concatenate([rng.integers(0, 6, 8), np.repeat(rng.integers(0, 6, 4), 2)])
    noise = rng.integers(-20, 21, (16, 16, 16, 3))
    faces = np.clip(colours[labels][:, None, None] + noise, 0, 255).astype(np.uint8)
    figures.append({name: float(value) for name, value in step(faces, labels, 1e-2).items()})
first, last = figures[0], figures[-1]
assert last["softmax"] < first["softmax"] / 2, (first, last)
assert last["contrast"] < first["contrast"], (first, last)
assert np.mean([one["right"] for one in figures[-20:]]) > 0.8
assert np.allclose(np.linalg.norm(step.state.classes, axis=1), 1, atol=1e-5)
assert (np.asarray(step.state.memory_labels) >= 0).all()
before = [w.copy() for w in network.get_weights()]
network.set_weights(step.averaged())
assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(before, network.get_weights()))
faces = np.repeat(colours[:, None, None], 16, 1).repeat(16, 2) / 127.5 - 1
told = np.asarray(network(faces.astype(np.float32))) @ np.asarray(step.state.classes).T
assert (told.argmax(1) == np.arange(6)).mean() > 0.6, told  # by the means of all, not of a batch
print("learned")
"""


def test_the_quick_discriminant_finds_the_same_axes() -> None:
    from models.training.breadth.on_jax import quick_discriminant
    from models.training.projections import discriminant

    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 3)
    features = (rng.standard_normal((40, 12))[labels] + rng.standard_normal((120, 12))) * 2
    quick, bias = quick_discriminant(features.astype(np.float32), labels, 5)
    exact, other = discriminant(features.astype(np.float32), [str(n) for n in labels], 5)
    signs = np.sign((quick * exact).sum(0))
    assert np.allclose(quick * signs, exact, atol=2e-3)
    assert np.allclose(bias * signs, other, atol=2e-3)


@pytest.mark.slow
def test_it_learns_what_tells_colours_apart() -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", dedent(SCRIPT)],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "learned" in done.stdout
