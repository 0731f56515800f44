"""The kinds of layer that the networks are made of, so that each network is described once.

`models.training.networks` makes them Keras's, to train; `models.embedding.lite` LiteRT's, to
answer. Layers with weights have a name; their weights are `name/kernel` and `name/bias`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
"""What flows between layers: (n, height, width, channels), or (n, channels)."""

Padding = Literal["same", "valid"]
Activation = Literal["relu", "relu6"]


class Layers(Protocol[T]):
    """Makes layers: each method takes what flows in and returns what flows out."""

    def conv(
        self,
        x: T,
        filters: int,
        kernel: int | tuple[int, int],
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu",
    ) -> T:
        """Convolve; `kernel`: the side of the window, or its height and width."""
        ...

    def depthwise(
        self,
        x: T,
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu6",
    ) -> T:
        """Convolve each channel for itself; the window is 3 by 3."""
        ...

    def dense(self, x: T, units: int, name: str) -> T:
        """Project: (n, channels) -> (n, units)."""
        ...

    def max_pool(self, x: T) -> T:
        """Take the largest of windows of 3 by 3, two places apart."""
        ...

    def average_pool(self, x: T, padding: Padding, name: str | None = None) -> T:
        """Average windows of 3 by 3 around each place; what lies beyond the rim doesn't count."""
        ...

    def average(self, x: T, name: str) -> T:
        """Average over all places: (n, height, width, channels) -> (n, channels)."""
        ...

    def concatenate(self, parts: Sequence[T], name: str) -> T:
        """Put the channels of `parts` side by side."""
        ...

    def add(self, one: T, other: T) -> T:
        """Add two of one shape."""
        ...

    def pad_end(self, x: T) -> T:
        """Add a row of noughts below and a column to the right."""
        ...

    def double(self, x: T) -> T:
        """Double height and width bilinearly, edges repeated."""
        ...

    def root(self, x: T, name: str) -> T:
        """Take the square root of each value, none of which is negative."""
        ...

    def unit(self, x: T, name: str) -> T:
        """Scale to unit length."""
        ...
