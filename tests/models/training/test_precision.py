"""The arithmetic that training uses: chosen by trying, and put back afterwards."""

from __future__ import annotations

import keras
import pytest

from models.training import precision
from models.training.precision import MIXED, SINGLE, fastest_policy, training_policy


@pytest.mark.parametrize(("single", "mixed", "chosen"), [(1.0, 0.6, MIXED), (1.0, 10.0, SINGLE)])
def test_the_faster_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, single: float, mixed: float, chosen: str
) -> None:
    monkeypatch.setattr(precision, "_seconds", {SINGLE: single, MIXED: mixed}.__getitem__)
    assert fastest_policy() == chosen


def test_networks_built_outside_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "fastest_policy", lambda: MIXED)
    with training_policy() as policy:
        assert policy == MIXED
        assert keras.layers.Dense(2).compute_dtype == "bfloat16"
    assert keras.layers.Dense(2).compute_dtype == "float32"
