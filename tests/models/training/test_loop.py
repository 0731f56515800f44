"""Feeding a network: every batch once and in order, and errors of drawing come out."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from models.training.loop import AHEAD, train_on


class Numbers:
    """Batch `i` has `i` as its only value; remembers which thread drew it."""

    def __init__(self, count: int, broken: int | None = None) -> None:
        self.count, self.broken = count, broken
        self.drawn: dict[int, str] = {}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> tuple[NDArray[Any], NDArray[Any]]:
        if index == self.broken:
            raise ValueError("a broken picture")
        self.drawn[index] = threading.current_thread().name
        return np.full((2, 1), index, np.float32), np.zeros((2, 1), np.float32)


@pytest.fixture
def model() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    # Without a rate the network stays as it is, and the loss is what it was shown.
    model.compile(keras.optimizers.SGD(0.0), "mean_absolute_error")
    return model


@pytest.mark.parametrize("threads", [1, 3])
def test_every_batch_is_learned_from_in_order(model: keras.Model, threads: int) -> None:
    batches = Numbers(AHEAD + 3)
    losses = [float(each["loss"]) for each in train_on(model, batches, threads=threads)]
    np.testing.assert_allclose(losses, np.arange(AHEAD + 3))
    assert all(name.startswith("batches") for name in batches.drawn.values())
    again = [float(each["loss"]) for each in train_on(model, batches)]
    assert again == losses


def test_breaking_off_draws_no_further(model: keras.Model) -> None:
    batches = Numbers(1000)
    for number, _ in enumerate(train_on(model, batches)):
        if number == 1:
            break
    assert max(batches.drawn) <= 2 + AHEAD


def test_a_batch_that_can_not_be_drawn_is_an_error(model: keras.Model) -> None:
    with pytest.raises(ValueError, match="a broken picture"):
        list(train_on(model, Numbers(5, broken=3)))


def test_learning_moves_the_weights(model: keras.Model) -> None:
    model.compile(keras.optimizers.SGD(0.1), "mean_absolute_error")
    list(train_on(model, Numbers(3)))
    assert float(np.asarray(model.get_weights()[0]).item()) < 1
