"""Labelled vectors of a server, and which of them are held out to measure by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.types import Character, Vector, Vectors

HELD_OUT_EVERY: Final = 5
"""About every n-th group of labelled pictures is held out."""


class Roster(Protocol):
    """Who there is in a server."""

    @property
    def characters(self) -> Mapping[str, Character]:
        """The characters by id."""
        ...

    def resolve(self, key: str) -> str | None:
        """Return whom a character's id stands for now; None where that is nobody."""
        ...


@dataclass(frozen=True, eq=False)
class Example:
    """One labelled vector of a server.

    `character_id` is None for a crop that shows no face. `taught` says that somebody chose it
    (/teach, a pack), else votes labelled it; `source_id` is the row that it is from. `group`
    numbers near-duplicate pictures; groups of taught pictures are below zero. `shared` says that
    another server gave it, which it trains beside the server's own.
    """

    vector: Vector
    character_id: str | None
    taught: bool
    source_id: int
    group: int
    shared: bool = False

    @property
    def held_out(self) -> bool:
        """Whether it measures, and neither names nor trains; never what was taught or shared."""
        return self.group >= 0 and not self.shared and is_held_out(self.group)


def is_held_out(group: int) -> bool:
    """Say whether a group of pictures is held out; the same at every call."""
    return drawn(str(group), HELD_OUT_EVERY)


def drawn(key: str, every: int) -> bool:
    """Say whether a key is among those drawn, one of `every`; the same at every call."""
    return hashlib.sha256(key.encode()).digest()[0] % every == 0


def stacks_of(examples: Iterable[Example], among: Mapping[str, Character]) -> dict[str, Vectors]:
    """Return the vectors of each character of `among` that has any, (n, d), in the order of ids."""
    own: dict[str, list[Vector]] = {}
    for example in examples:
        if example.character_id is not None and example.character_id in among:
            own.setdefault(example.character_id, []).append(example.vector)
    return {key: np.stack(vectors) for key, vectors in sorted(own.items())}


def non_faces_of(examples: Iterable[Example], dimensions: int) -> Vectors:
    """Return the vectors of crops that show no face, (r, dimensions)."""
    found = [example.vector for example in examples if example.character_id is None]
    return np.array(found, np.float32).reshape(-1, dimensions)
