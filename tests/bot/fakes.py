"""Stages that do nothing but note what ran, where, and wait when a test says so."""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.inference import Drawing, FacePictures, IdentifiedPicture
from bot.inference.stages import FoundFaces, StagesError
from models.gallery.expectation import Expectation
from models.gallery.gallery import Gallery
from models.gallery.policy import NamingPolicy
from models.images.decoding import PictureError
from models.roster.roster import Roster
from models.types import Box, Character, Face, Guess, NamedFace, Vectors

MARIN = Character("marin", "Marin", "Tests")
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""A picture of one pixel, as a file."""
PHASH = "00000000000000ff"
"""The perceptual hash of every picture."""


class FakeStages:
    """The stages of a worker under test.

    A picture's bytes say what happens to it: `b"2"` has two faces, `b"bad"` can't be read. `gate`
    holds every `find` back while it is cleared.
    """

    model_version = "fake-1"
    characters = (MARIN,)
    roster: Roster | None = None
    gallery = None
    backbone = "fake"
    side = 8

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.draw_gate = threading.Event()
        self.draw_gate.set()
        self.started = threading.Semaphore(0)
        self.order: list[str] = []
        self.batches: list[int] = []
        self.drawn: list[str] = []
        self.threads: set[int] = set()
        self.broken_gallery: object = object()

    def tuned(self, gallery: Any) -> Any:
        """Leave the priors out, as nobody is there to tell what they would cost."""
        return replace(gallery, posted=None) if isinstance(gallery, Gallery) else gallery

    def expected(self, gallery: Any, character_id: str, samples: Any) -> Expectation | None:
        """Tell nothing."""
        return None

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find as many faces as the data says."""
        self.threads.add(threading.get_ident())
        self.order.append(name)
        self.started.release()
        self.gate.wait(20)
        if data == b"bad":
            raise PictureError("unreadable", f"“{name}” is damaged.", name)
        count = int(data)
        faces = tuple(Face(Box(0, 0, 10, 10), 1.0) for _ in range(count))
        crops = np.zeros((count, 8, 8, 3), np.uint8)
        frame = np.zeros((20, 30, 3), np.uint8)
        return FoundFaces(30, 20, {0: frame}, faces, crops, PHASH, name, {"decode": 0.0})

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Note the batch's size."""
        self.threads.add(threading.get_ident())
        self.batches.append(sum(map(len, crops)))
        return [np.ones((len(each), 4), np.float32) for each in crops]

    def name(
        self, found: FoundFaces, vectors: Vectors, gallery: Any, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Name everybody Marin."""
        if gallery is self.broken_gallery:
            raise ValueError("a broken gallery")
        guess = Guess(MARIN, 0.9)
        return tuple(
            NamedFace(face, (guess,), policy.tier(guess.probability), vector, crop)
            for face, vector, crop in zip(found.faces, vectors, found.crops, strict=True)
        )

    def compare(
        self, vectors: Vectors, gallery: Any, character_ids: Sequence[str]
    ) -> NDArray[np.float32]:
        """Tell nothing of anybody."""
        return np.full((len(vectors), len(character_ids)), np.nan, np.float32)

    def draw(
        self,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        shown: FacePictures,
        max_bytes: int,
    ) -> Drawing:
        """Draw hardly anything."""
        self.threads.add(threading.get_ident())
        self.draw_gate.wait(20)
        self.drawn += [picture.sha256 for picture, _ in pictures]
        count = sum(len(picture.faces) for picture, _ in pictures)
        sheets = len({hidden for _, hidden in pictures}) if count > 1 else 0
        faces, together = min(count, shown.own), len(shown.together)
        return Drawing(".png", (DOT,) * sheets, (DOT,) * faces, (DOT,) * together)

    def save_pair(self, folder: Path) -> None:
        """Write a file with the backbone's name."""
        (folder / "backbone").write_text(self.backbone)

    def load_pair(self, folder: Path) -> FakeStages:
        """Refuse: there is only one backbone here."""
        raise StagesError(f"{folder} can't be loaded")


class ListingStages(FakeStages):
    """Stages with a roster of two more characters, whom the gallery can't name."""

    roster: Roster | None = Roster(
        (
            Character("rem", "Rem", "Re:Zero", "レム", appearances=9053),
            Character("rem_death_note", "Rem", "Death Note", "レム", appearances=88),
        ),
        {},
        {},
        {},
    )


class DistinctStages(FakeStages):
    """Stages for which no picture is a copy of another, whatever their bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self._counting = threading.Lock()

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Give every picture a hash far from all others."""
        found = super().find(data, name)
        with self._counting:  # two threads may be here
            self.seen += 1
            number = self.seen
        phash = np.random.default_rng(number).bytes(8).hex()
        return replace(found, crops=found.crops + number, phash=phash, sha256=str(number))

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Give the faces of a picture a vector that those of no other have."""
        super().embed(crops)
        return [np.stack([_direction(int(crop.max())) for crop in each]) for each in crops]


def _direction(number: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(number).normal(size=4)
    return (vector / np.linalg.norm(vector)).astype(np.float32)
