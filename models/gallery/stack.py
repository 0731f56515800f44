"""Rows of vectors of which most are shared: many galleries extend one, and none copies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Vectors

    Places = Sequence[int] | NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Stack:
    """Vectors, (n, dimensions) float32: some rows of `shared`, (m, dimensions), some of `own`.

    `order`: (n,), which row of `shared` followed by `own` each vector is; None where they are all
    of `shared`, in its order.
    """

    shared: Vectors
    own: Vectors
    order: NDArray[np.intp] | None = None

    @classmethod
    def of(cls, vectors: Vectors) -> Stack:
        """Return a stack of these rows, (n, dimensions), which others may share."""
        return cls(vectors, vectors[:0])

    def __len__(self) -> int:
        return len(self.shared) if self.order is None else len(self.order)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self.shared.shape[1]

    @property
    def array(self) -> Vectors:
        """All rows, (n, dimensions); a copy unless they are those of `shared`."""
        return self.shared if self.order is None else self.rows(np.arange(len(self)))

    def rows(self, places: Places) -> Vectors:
        """The rows at these places, (k, dimensions); a copy."""
        at = np.asarray(places, np.intp)
        at = at if self.order is None else self.order[at]
        result = np.empty((len(at), self.dimensions), np.float32)
        shared = at < len(self.shared)
        result[shared] = self.shared[at[shared]]
        result[~shared] = self.own[at[~shared] - len(self.shared)]
        return result

    def cosines(self, vectors: Vectors) -> NDArray[np.float32]:
        """The products of `vectors`, (k, dimensions), with each row, (k, n)."""
        result = vectors @ self.shared.T
        if self.order is None:
            return result
        return np.concatenate([result, vectors @ self.own.T], axis=1)[:, self.order]

    def take(self, places: Places) -> Stack:
        """The stack of the rows at these places. It copies them where they are the fewer part."""
        at = np.asarray(places, np.intp)
        if 2 * len(at) < len(self.shared):
            return Stack.of(self.rows(at))
        return Stack(self.shared, self.own, at if self.order is None else self.order[at])

    def appended(self, vectors: Vectors) -> Stack:
        """The stack with further rows, (k, dimensions), behind the others."""
        own = np.concatenate([self.own, vectors])
        new = np.arange(len(self.own), len(own)) + len(self.shared)
        return Stack(self.shared, own, np.concatenate([self._order, new]))

    def replaced(self, places: Places, vectors: Vectors) -> Stack:
        """The stack with other rows, (k, dimensions), at these places."""
        order = self._order.copy()
        order[places] = np.arange(len(vectors)) + len(self.shared) + len(self.own)
        return Stack(self.shared, np.concatenate([self.own, vectors]), order)

    @property
    def _order(self) -> NDArray[np.intp]:
        return np.arange(len(self.shared)) if self.order is None else self.order
