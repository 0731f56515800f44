"""Feeds a network that is trained: batches are drawn by threads while it learns from others.

Keras's own `fit` draws them through TensorFlow's generator dataset, which tells the allocator to
give every freed block back to the system (`M_TRIM_THRESHOLD`). Each step then spends much of its
time on fresh pages.
"""

# Keras's annotations name one backend's tensors.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    from numpy.typing import NDArray

AHEAD: Final = 4
"""Batches that are drawn before they are wanted."""


class Batches(Protocol):
    """Numbered batches of pictures and what is wanted of them; drawn by several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[NDArray[Any], NDArray[Any]]: ...


def train_on(model: keras.Model, batches: Batches, *, threads: int = 1) -> Iterator[dict[str, Any]]:
    """Train a compiled model on each batch in turn; yields the batch's metrics after each.

    Breaking off leaves the model as the last batch left it.
    """
    with ThreadPoolExecutor(threads, "batches") as pool:
        numbers = iter(range(len(batches)))
        waiting = deque(pool.submit(batches.__getitem__, i) for i in islice(numbers, AHEAD))
        try:
            while waiting:
                pixels, wanted = waiting.popleft().result()
                waiting.extend(pool.submit(batches.__getitem__, i) for i in islice(numbers, 1))
                yield model.train_on_batch(pixels, wanted, return_dict=True)
        finally:
            pool.shutdown(cancel_futures=True)
