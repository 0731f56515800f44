"""Labelled vectors of a server, and which of them are held out to measure by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.types import Character, Vector, Vectors

HELD_OUT_EVERY: Final = 5
"""About every n-th group of labelled pictures is held out."""
FIRST: Final = 3
"""A character's first labelled groups, which are never held out: few pictures all train."""
SAME_FACE: Final = 0.97
"""The cosine from which on two faces of a character are one drawing, cropped or saved anew.

Of 267,000 pairs of different drawings of one character in the labelled data 23 are as alike.
"""
SAME_FACE_OF_COPIES: Final = 0.75
"""The same in near-duplicate pictures; of 197 such pairs 99 in 100 are as alike."""


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
    another server gave it, which it trains beside the server's own. `held_out` says that it
    measures a head and doesn't train it (`hold_out`); it names all the same.
    """

    vector: Vector
    character_id: str | None
    taught: bool
    source_id: int
    group: int
    shared: bool = False
    held_out: bool = False


def each_once(examples: Iterable[Example]) -> list[Example]:
    """Return the examples without further copies of a face that a character has already.

    Somebody may teach, or members may label, one picture twice: it says no more than once. What
    shows no face all stays.
    """
    examples = list(examples)
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        if example.character_id is not None:
            rows.setdefault(example.character_id, []).append(row)
    copies: set[int] = set()
    for own in rows.values():
        vectors = np.stack([examples[row].vector for row in own])
        groups = np.array([examples[row].group for row in own])
        cosines = vectors @ vectors.T
        same = cosines >= SAME_FACE
        same |= (groups[:, None] == groups) & (cosines >= SAME_FACE_OF_COPIES)
        kept: list[int] = []
        for place, row in enumerate(own):
            if same[place, kept].any():
                copies.add(row)
            else:
                kept.append(place)
    return [example for row, example in enumerate(examples) if row not in copies]


def hold_out(examples: Iterable[Example]) -> list[Example]:
    """Return a server's examples with those held out that measure its heads.

    By a fixed rule, the same at every call: about every `HELD_OUT_EVERY`-th group of labelled
    pictures, but neither what was taught nor the `FIRST` labelled ones of a character.
    """
    examples = list(examples)
    groups: dict[str | None, set[int]] = {}
    for example in examples:
        if example.group >= 0:
            groups.setdefault(example.character_id, set()).add(example.group)
    later = {
        (key, group)
        for key, own in groups.items()
        for group in sorted(own)[FIRST:]
        if drawn(str(group), HELD_OUT_EVERY)
    }
    return [replace(e, held_out=(e.character_id, e.group) in later) for e in examples]


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
