"""Fits what names faces on a finished embedding: galleries, calibration, threshold.

For the held-out model, for what is shipped, and for a folder of somebody's own characters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.clustering import centroids_of
from models.gallery.fitting import TARGET_FPIR, Trial, fit
from models.gallery.gallery import Gallery, trimmed_mean, unit
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.scoring import Scoring
from models.gallery.training_vectors import VECTORS_FILE, VectorSet
from models.roster.roster import load_roster, unlisted
from models.training.augmentation import framed
from models.training.dataset import Dataset, Sample, load_dataset
from models.training.evaluation import judge, tpir_at_fpir
from models.training.split import Split, split_samples
from models.training.trained import class_weights
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Vectors

    Report = Callable[[dict], None]

SCORING: Final = Scoring()

NON_FACES: Final = 12
"""Non-face exemplars of a gallery at most: the centroids of so many clusters of them."""

KEPT_VECTORS: Final = 30
"""Vectors that are shipped of each character, one a near-duplicate group: some 500 bytes each."""


def write_skipped(dataset: Dataset, out: Path) -> None:
    """List the files that could not be read in `out/skipped.txt`."""
    out.mkdir(parents=True, exist_ok=True)
    lines = [f"{file}: {reason}\n" for file, reason in dataset.skipped]
    (out / "skipped.txt").write_text("".join(lines), encoding="utf-8")


def characters_of(samples: Sequence[Sample]) -> list[Character]:
    """Whom the samples show: characters of the roster, then others, called by their folder."""
    names = {sample.label for sample in samples if sample.kind == "character"}
    listed = [character for character in load_roster() if character.id in names]
    others = sorted(names - {character.id for character in listed})
    return [*listed, *map(unlisted, others)]


def embed_all(embedder: Embedder, samples: Sequence[Sample]) -> Vectors:
    """Embed samples as they are, framed only; (n, dimensions) float32 of unit length."""
    parts: list[Vectors] = [np.empty((0, embedder.dimensions), np.float32)]
    for first in range(0, len(samples), 32):
        crops = [framed(sample.pixels, embedder.side) for sample in samples[first : first + 32]]
        parts.append(embedder.embed(np.stack(crops)))
    return np.concatenate(parts)


def fit_gallery(
    vectors: Vectors,
    labels: Sequence[str],
    characters: Sequence[Character],
    class_weights: Mapping[str, NDArray[np.float32]],
    *,
    seed: int = 0,
) -> Gallery:
    """Make the gallery of `characters` from labelled vectors, (n, dimensions).

    `class_weights`: learned classifier weights by label; those of other labels become those of
    auxiliary classes. Vectors labelled "no_face" become non-face exemplars. Characters without a
    picture are left out.
    """
    owned = np.array(labels)
    stacks = {character: vectors[owned == character.id] for character in characters}
    kept = {character: own for character, own in stacks.items() if len(own)}
    none = np.zeros(vectors.shape[1], np.float32)
    non_faces = vectors[owned == "no_face"]
    names = {character.id for character in characters} | {"no_face"}
    others = [weights for label, weights in class_weights.items() if label not in names]
    gallery = Gallery.of_centroids(
        tuple(kept),
        np.stack([trimmed_mean(own) for own in kept.values()]),
        [len(own) for own in kept.values()],
    )
    gallery = replace(
        gallery,
        non_faces=centroids_of(non_faces, NON_FACES, seed) if len(non_faces) else non_faces,
        auxiliary_weights=np.stack([class_weights["no_face"], *others])
        if "no_face" in class_weights
        else None,
    )
    weights = unit(np.stack([class_weights.get(c.id, none) for c in kept]))
    return gallery.with_class_weights(weights).with_likeness()


def fit_evaluation_head(dataset: Dataset, split: Split, folder: Path) -> Namer:
    """Gallery from the training part; calibration and threshold from what was held out."""
    embedder = Embedder.load(folder / EMBEDDING_FILE.name)
    samples = dataset.samples
    learned = [samples[index] for index in split.train]
    gallery = fit_gallery(
        embed_all(embedder, learned),
        [sample.label for sample in learned],
        characters_of(learned),
        class_weights(folder),
    )
    asked = (*split.known, *split.impostors, *split.unseen)
    known = set(split.known)
    trial = Trial(
        embed_all(embedder, [samples[index] for index in asked]),
        tuple(samples[index].label if index in known else "" for index in asked),
    )
    return calibrated(gallery, trial, SCORING)


def calibrated(gallery: Gallery, trial: Trial, scoring: Scoring) -> Namer:
    """Fit calibration and threshold on a trial."""
    calibration, threshold = fit(trial, gallery, scoring)
    return Namer(gallery, scoring=scoring, calibration=calibration, threshold=threshold, version="")


def fit_shipped_head(samples: Sequence[Sample], folder: Path, measured: Namer) -> None:
    """Write the gallery of every picture, and the vectors that heads of servers learn beside.

    Calibration and threshold are those of the measured run.
    """
    embedder = Embedder.load(folder / EMBEDDING_FILE.name)
    vectors = embed_all(embedder, samples)
    labels = [sample.label for sample in samples]
    gallery = fit_gallery(vectors, labels, characters_of(samples), class_weights(folder))
    measured.with_gallery(gallery).save(folder / NAMING_FILE.name)
    kept = _some_of_each(samples, {character.id for character in gallery.characters})
    data = VectorSet(
        vectors[kept],
        tuple(labels[index] for index in kept),
        tuple(samples[index].group for index in kept),
    )
    data.save(folder / VECTORS_FILE.name, embedder.version)


def _some_of_each(samples: Sequence[Sample], characters: Collection[str]) -> list[int]:
    """Draw `KEPT_VECTORS` samples of each character, one a group, the same each time."""
    order = np.random.default_rng(0).permutation(len(samples)).tolist()
    groups: dict[str, set[int]] = defaultdict(set)
    kept: list[int] = []
    for index in order:
        sample = samples[index]
        taken = groups[sample.label]
        if sample.label in characters and len(taken) < KEPT_VECTORS and sample.group not in taken:
            taken.add(sample.group)
            kept.append(index)
    return sorted(kept)


def fit_own_head(
    data: Path, out: Path, *, embedder: Embedder, shipped: Namer, report: Report | None = None
) -> Path:
    """`moedex train head`: the gallery of a folder's own characters, on a finished embedding.

    Calibration and threshold are fitted on a fifth of the near-duplicate groups and on characters
    that are left out, where the folder has enough of them; else the shipped ones are kept. The
    gallery that is written has every picture. Returns the file, `out/naming.safetensors`.
    """
    dataset = load_dataset(data, backgrounds=False)
    write_skipped(dataset, out)
    characters = characters_of(dataset.samples)
    own = [sample for sample in dataset.samples if sample.kind == "character"]
    vectors = embed_all(embedder, own)
    labels = [sample.label for sample in own]
    full = fit_gallery(vectors, labels, characters, {})
    full = replace(
        full,
        non_faces=shipped.gallery.non_faces,
        auxiliary_weights=shipped.gallery.auxiliary_weights,
    )
    namer = shipped.with_gallery(full)
    split = split_samples(own)
    asked = (*split.known, *split.impostors, *split.unseen)
    figures: dict = {"characters": len(characters), "pictures": len(own)}
    if len(split.known) >= 100 and len(split.impostors) + len(split.unseen) >= 100:
        teaching = fit_gallery(
            vectors[list(split.train)], [labels[i] for i in split.train], characters, {}
        )
        teaching = replace(teaching, non_faces=shipped.gallery.non_faces)
        known = set(split.known)
        truth = tuple(labels[i] if i in known else "" for i in asked)
        fitted = calibrated(teaching, Trial(vectors[list(asked)], truth), shipped.scoring)
        namer.calibration, namer.threshold = fitted.calibration, fitted.threshold
        figures |= _figures(fitted, vectors, labels, split)
    path = out / NAMING_FILE.name
    namer.save(path)
    if report is not None:
        report(figures)
    return path


def _figures(namer: Namer, vectors: Vectors, labels: Sequence[str], split: Split) -> dict:
    arguments = (namer.gallery, namer.scoring, namer.calibration)
    known = judge(vectors[list(split.known)], [labels[i] for i in split.known], *arguments)
    others = list(split.impostors + split.unseen)
    impostors = judge(vectors[others], ["" for _ in others], *arguments)
    tpir, _ = tpir_at_fpir(known, impostors, TARGET_FPIR)
    return {"top-1": str(known.top(1)), "top-5": str(known.top(5)), "TPIR at FPIR = 5 %": str(tpir)}
