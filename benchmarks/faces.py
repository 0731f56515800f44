"""The labelled faces of the held-out model, with their vectors, for what measures naming."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.damage import greyed
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.roster.roster import load_roster
from models.training.dataset import load_dataset
from models.training.galleries import embed_all, fit_gallery
from models.training.pipeline import SPLIT_FILE
from models.training.split import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.gallery.gallery import Gallery
    from models.training.dataset import Sample
    from models.types import Pixels, Vectors


@dataclass(frozen=True)
class Faces:
    """The samples, the split, and each sample's vector: as in use, and without the closer copy.

    `greyed`, `plain_greyed`: the same of the known faces without colour, in the order of the split.
    """

    samples: tuple[Sample, ...]
    split: Split
    vectors: Vectors
    plain: Vectors
    greyed: Vectors
    plain_greyed: Vectors

    def labels(self, indices: Sequence[int]) -> list[str]:
        """The class of each of the samples `indices`."""
        return [self.samples[index].label for index in indices]


def faces_of(data: Path, run: Path) -> Faces:
    """The samples below `data`, by the split and the embedding of a held-out model."""
    samples = load_dataset(data).samples
    return embedded(samples, Split.load(run / SPLIT_FILE, samples), run)


def embedded(samples: tuple[Sample, ...], split: Split, run: Path) -> Faces:
    """Embed every sample by the weights in `run`, where the vectors are kept for the next time."""
    weights = run / EMBEDDING_FILE.name
    in_use, plain = Embedder.load(weights), Embedder.load(weights, twice=False)
    cache = run / f"vectors-{in_use.version}.npz"
    if not cache.is_file():
        grey = changed([samples[index] for index in split.known], greyed)
        np.savez(
            cache,
            vectors=embed_all(in_use, samples),
            plain=embed_all(plain, samples),
            greyed=embed_all(in_use, grey),
            plain_greyed=embed_all(plain, grey),
        )
    with np.load(cache) as file:
        return Faces(samples, split, **file)


def changed(samples: Sequence[Sample], change: Callable[[Pixels], Pixels]) -> list[Sample]:
    """The samples with changed pixels."""
    return [replace(sample, pixels=change(sample.pixels)) for sample in samples]


def gallery_of(faces: Faces, vectors: Vectors, class_weights: dict) -> Gallery:
    """The gallery of the training part."""
    train = list(faces.split.train)
    return fit_gallery(vectors[train], faces.labels(train), load_roster().characters, class_weights)
