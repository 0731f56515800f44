"""A small world of vectors: sixteen shipped characters, and faces around the axes of others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery
from models.gallery.impostors import Impostors
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.gallery.training_vectors import VectorSet
from models.types import Character

SHIPPED = tuple(Character(f"shipped_{i}", f"Shipped {i}", "Show") for i in range(16))


@dataclass
class People:
    """Who can be named, by id; `stands_for` says whom those of other ids are one with now."""

    characters: dict[str, Character]
    stands_for: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *own: str) -> People:
        """Return the shipped characters and further ones of these ids."""
        everyone = (*SHIPPED, *(Character(key, key.title(), "Own") for key in own))
        return cls({character.id: character for character in everyone})

    def resolve(self, key: str) -> str | None:
        """Return whom an id stands for."""
        key = self.stands_for.get(key, key)
        return key if key in self.characters else None


def faces(place: int, count: int, seed: int, spread: float = 0.08) -> np.ndarray:
    """Return (count, 32) unit vectors around one axis: the faces of one character."""
    rng = np.random.default_rng((place, seed))
    rows = np.eye(32)[place] + rng.normal(0, spread, (count, 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session")
def namer() -> Namer:
    gallery = Gallery.of({c: faces(i, 8, 0) for i, c in enumerate(SHIPPED)})
    return Namer(
        gallery,
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(0.5, len(SHIPPED), 0.7),
        version="n1",
    )


@pytest.fixture(scope="session")
def data() -> VectorSet:
    stacks = [faces(i, 20, 1) for i in range(len(SHIPPED))]
    labels = tuple(c.id for c in SHIPPED for _ in range(20))
    return VectorSet(np.concatenate(stacks), labels, tuple(range(len(labels))))


def _impostors() -> Impostors:
    """Return 450 faces of nobody in particular, three of each identity."""
    rng = np.random.default_rng(5)
    rows = np.repeat(rng.normal(size=(150, 32)), 3, axis=0) + rng.normal(0, 0.5, (450, 32))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    identities = tuple(f"impostor_{n // 3}" for n in range(450))
    return Impostors(rows.astype(np.float32), identities, np.zeros(450, bool))


IMPOSTORS = _impostors()
