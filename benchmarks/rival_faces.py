"""The pictures that the rivals are compared on, and how each of them describes a face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.progress import track

from benchmarks.damage import FACE_DAMAGES
from benchmarks.methods.article import FrozenInception
from benchmarks.methods.openface import OpenFace
from benchmarks.methods.takayama import Takayama
from benchmarks.naming_protocols import Method
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.namer import Namer
from models.training.augmentation import framed
from models.training.dataset import load_dataset
from models.training.pipeline import SPLIT_FILE
from models.training.split import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Pixels

THREE = ("nishikino_maki", "sakurauchi_riko", "takimoto_hifumi")
"""The three look-alikes of the article's experiment."""


class RivalFaces:
    """The single-face pictures, their labels and groups, and vectors by method."""

    def __init__(self, data: Path, start: Path, weights: Path) -> None:
        samples = load_dataset(data, backgrounds=False).samples
        split = Split.load(weights / SPLIT_FILE, samples)
        self.labels = np.array([sample.label for sample in samples])
        self.groups = np.array([sample.group for sample in samples], np.intp)
        self.pictures = [sample.pixels for sample in samples]
        self.train = np.array([i for i in split.train if samples[i].kind == "character"], np.intp)
        self.known, self.unseen, self.impostors = (
            np.array(part, np.intp) for part in (split.known, split.unseen, split.impostors)
        )
        self.three_train, self.three_known = self._three_lookalikes()
        self._frozen = FrozenInception(start)
        self._embedder, self._plain = (
            Embedder.load(weights / EMBEDDING_FILE.name, twice=both) for both in (True, False)
        )
        self.namer = Namer.load(weights / "naming.safetensors")
        human, hand = OpenFace(), Takayama()
        self.describe: dict[str, Callable[[Sequence[Pixels]], NDArray[np.float32]]] = {
            "OpenFace's way": lambda pictures: _each(human.describe, pictures, 128),
            "Takayama's way": lambda pictures: _each(hand.describe, pictures, 7),
            "the article's way": self._frozen.describe_all,
            "Moedex": self.embed,
        }
        self.naming: dict[str, Any] = {
            "OpenFace's way": "nearest mean",
            "Takayama's way": "nearest mean",
            "the article's way": "softmax",
            "Moedex": self.namer,
        }

    def _three_lookalikes(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pictures of the three to learn from and to ask about.

        One that the split keeps from the backbone is split here: every fifth group is asked about.
        """
        left_out = np.concatenate([self.unseen, self.impostors])
        left_out = left_out[np.isin(self.labels[left_out], THREE)]
        asked = np.isin(self.groups[left_out], np.unique(self.groups[left_out])[::5])
        train = self.train[np.isin(self.labels[self.train], THREE)]
        known = self.known[np.isin(self.labels[self.known], THREE)]
        return (
            np.concatenate([train, left_out[~asked]]),
            np.concatenate([known, left_out[asked]]),
        )

    def embed(self, pictures: Sequence[Pixels], *, twice: bool = True) -> NDArray[np.float32]:
        """Embed pictures of one face each with our model, with their closer copies or without."""
        embedder = self._embedder if twice else self._plain
        side = embedder.side
        return np.concatenate(
            [
                embedder.embed(np.stack([framed(p, side) for p in pictures[i : i + 32]]))
                for i in range(0, len(pictures), 32)
            ]
        )

    def methods(self, used: NDArray[np.intp]) -> list[Method]:
        """Describe the pictures `used` by every method; the rows of others stay NaN."""
        found: list[Method] = []
        for name, describe in self.describe.items():
            some = describe([self.pictures[i] for i in track(used, description=name)])
            vectors = np.full((len(self.pictures), some.shape[1]), np.nan, np.float32)
            vectors[used] = some
            found.append(Method(name, vectors, self.naming[name]))
        return found

    def with_damaged(self, method: Method) -> tuple[Method, list[NDArray[np.intp]]]:
        """Add the known pictures after each damage, as rows of their own; returns those rows."""
        vectors, rows = [method.vectors], []
        for damage in FACE_DAMAGES.values():
            rows.append(len(self.labels) + len(self.known) * len(rows) + np.arange(len(self.known)))
            hurt = [damage(self.pictures[i]) for i in self.known]
            vectors.append(self.describe[method.name](hurt))
        return Method(method.name, np.concatenate(vectors), method.naming), rows


def _each(
    describe: Callable[[Pixels], NDArray[np.float32] | None],
    pictures: Iterable[Pixels],
    dimensions: int,
) -> NDArray[np.float32]:
    nothing = np.full(dimensions, np.nan, np.float32)
    rows = [describe(np.ascontiguousarray(picture)) for picture in pictures]
    return np.stack([nothing if row is None else row for row in rows])
