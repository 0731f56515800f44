"""The arithmetic of networks: chosen by trying, and put back afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import pytest

from models.training import precision
from models.training.precision import MIXED, SINGLE, has_fast_bfloat16, training_policy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def tried_anew() -> Iterator[None]:
    """Forget what this machine is like, before and after."""
    has_fast_bfloat16.cache_clear()
    yield
    has_fast_bfloat16.cache_clear()


@pytest.mark.usefixtures("tried_anew")
@pytest.mark.parametrize(("single", "mixed", "chosen"), [(1.0, 0.6, True), (1.0, 10.0, False)])
def test_the_faster_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, single: float, mixed: float, *, chosen: bool
) -> None:
    monkeypatch.setattr(precision, "_seconds", lambda _: {SINGLE: single, MIXED: mixed})
    assert has_fast_bfloat16() == chosen


def test_networks_built_outside_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
    with training_policy():
        layer = keras.layers.Dense(2)
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert keras.layers.Dense(2).compute_dtype == "float32"


def test_a_processor_without_bfloat16_keeps_single_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: False)
    with training_policy():
        assert keras.layers.Dense(2).compute_dtype == "float32"
