"""Fits what names faces on a finished embedding: galleries, calibration, threshold.

For the evaluation run, for what is shipped, and for a folder of somebody's own characters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.namer import NAMING_FILE, Gallery, Namer, Parts
from models.gallery.roster import load_roster, unlisted
from models.gallery.training_vectors import VECTORS_FILE, VectorSet
from models.training.augmentation import framed
from models.training.dataset import Dataset, Sample, load_dataset
from models.training.evaluation import identified, judge
from models.training.head import Trial, fit_calibration, fit_gallery, fit_threshold
from models.training.split import Split, split_samples
from models.training.trained import class_directions
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from models.types import Vectors

    Report = Callable[[dict], None]

PARTS: Final = Parts()

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


def fit_evaluation_head(dataset: Dataset, split: Split, folder: Path) -> Namer:
    """Gallery from the training part; calibration and threshold from what was held out."""
    embedder = Embedder.load(folder / EMBEDDING_FILE.name)
    samples = dataset.samples
    learned = [samples[index] for index in split.train]
    gallery = fit_gallery(
        embed_all(embedder, learned),
        [sample.label for sample in learned],
        characters_of(learned),
        class_directions(folder),
    )
    asked = (*split.known, *split.strangers, *split.unseen)
    known = set(split.known)
    trial = Trial(
        embed_all(embedder, [samples[index] for index in asked]),
        tuple(samples[index].label if index in known else "" for index in asked),
    )
    return calibrated(gallery, trial, PARTS)


def calibrated(gallery: Gallery, trial: Trial, parts: Parts) -> Namer:
    """Fit calibration and threshold on a trial."""
    calibration = fit_calibration(trial, gallery, parts)
    threshold = fit_threshold(trial, gallery, parts, calibration)
    return Namer(gallery, parts=parts, calibration=calibration, threshold=threshold, version="")


def fit_shipped_head(samples: Sequence[Sample], folder: Path, measured: Namer) -> None:
    """Write the gallery of every picture, and the vectors that heads of servers learn beside.

    Calibration and threshold are those of the measured run.
    """
    embedder = Embedder.load(folder / EMBEDDING_FILE.name)
    vectors = embed_all(embedder, samples)
    labels = [sample.label for sample in samples]
    gallery = fit_gallery(vectors, labels, characters_of(samples), class_directions(folder))
    namer = Namer(
        gallery,
        parts=measured.parts,
        calibration=measured.calibration,
        threshold=measured.threshold,
        version="",
    )
    namer.save(folder / NAMING_FILE.name)
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
    full = replace(full, rejects=shipped.gallery.rejects, unnamed=shipped.gallery.unnamed)
    namer = Namer(
        full,
        parts=shipped.parts,
        calibration=shipped.calibration,
        threshold=shipped.threshold,
        version="",
    )
    split = split_samples(own)
    asked = (*split.known, *split.strangers, *split.unseen)
    figures: dict = {"characters": len(characters), "pictures": len(own)}
    if len(split.known) >= 100 and len(split.strangers) + len(split.unseen) >= 100:
        teaching = fit_gallery(
            vectors[list(split.train)], [labels[i] for i in split.train], characters, {}
        )
        teaching = replace(teaching, rejects=shipped.gallery.rejects)
        known = set(split.known)
        truth = tuple(labels[i] if i in known else "" for i in asked)
        fitted = calibrated(teaching, Trial(vectors[list(asked)], truth), shipped.parts)
        namer.calibration, namer.threshold = fitted.calibration, fitted.threshold
        figures |= _figures(fitted, vectors, labels, split)
    path = out / NAMING_FILE.name
    namer.save(path)
    if report is not None:
        report(figures)
    return path


def _figures(namer: Namer, vectors: Vectors, labels: Sequence[str], split: Split) -> dict:
    arguments = (namer.gallery, namer.parts, namer.calibration)
    known = judge(vectors[list(split.known)], [labels[i] for i in split.known], *arguments)
    others = list(split.strangers + split.unseen)
    strangers = judge(vectors[others], ["" for _ in others], *arguments)
    share, _ = identified(known, strangers, 0.05)
    return {"top-1": str(known.top(1)), "top-5": str(known.top(5)), "at 5 % strangers": str(share)}
