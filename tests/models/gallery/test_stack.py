"""Rows that many galleries share."""

from __future__ import annotations

import numpy as np

from models.gallery.stack import Stack

RNG = np.random.default_rng(0)
SHARED = RNG.normal(size=(20, 8)).astype(np.float32)
MORE = RNG.normal(size=(3, 8)).astype(np.float32)
ASKED = RNG.normal(size=(5, 8)).astype(np.float32)


def same(stack: Stack, rows: np.ndarray) -> None:
    """Hold that a stack is these rows, by each way of asking."""
    assert len(stack) == len(rows)
    np.testing.assert_array_equal(stack.array, rows)
    np.testing.assert_array_equal(stack.rows([len(rows) - 1, 0]), rows[[-1, 0]])
    np.testing.assert_allclose(stack.cosines(ASKED), ASKED @ rows.T, atol=1e-5)


def test_rows_come_and_go_without_a_copy_of_the_shared_ones() -> None:
    stack = Stack.of(SHARED)
    same(stack, SHARED)
    longer = stack.appended(MORE)
    same(longer, np.concatenate([SHARED, MORE]))
    other = longer.replaced([2, 21], MORE[:2])
    expected = np.concatenate([SHARED, MORE])
    expected[[2, 21]] = MORE[:2]
    same(other, expected)
    turned = other.take(range(len(expected))[::-1])
    same(turned, expected[::-1])
    assert all(each.shared is SHARED for each in (stack, longer, other, turned))


def test_a_small_part_is_copied_so_that_it_is_asked_quickly() -> None:
    part = Stack.of(SHARED).appended(MORE).take([21, 3])
    same(part, np.stack([MORE[1], SHARED[3]]))
    assert len(part.shared) == 2
