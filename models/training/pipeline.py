"""The whole of training: an honest run that is measured, then the one that is shipped.

1. The evaluation run, a trunk after the other, learns from the training part of `split_samples`.
   What it never saw fits the calibration and the threshold, and gives the figures of
   `docs/accuracy.md`.
2. The shipped run goes on from each trunk with every picture there is, and the faces of the posts;
   its gallery holds every character, and it takes over the calibration and threshold of the first,
   as nothing is left to fit them on.

`train_further` goes on from weights that are finished.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from models.augment import framed
from models.embedding import EMBEDDING_FILE, Embedder, read_settings
from models.naming import NAMING_FILE, Gallery, Namer, Parts
from models.roster import load_roster
from models.shipped import WEIGHTS
from models.training.backbone import train_backbone
from models.training.blend import blend_runs, class_directions
from models.training.dataset import Dataset, Sample, load_dataset, post_faces
from models.training.evaluation import identified, judge
from models.training.head import Trial, fit_calibration, fit_gallery, fit_threshold
from models.training.noise import doubtful
from models.training.plan import BackbonePlan
from models.training.split import Split, split_samples
from models.types import Character
from models.vectors import VectorSet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from models.types import Vectors

    Report = Callable[[dict], None]

PARTS: Final = Parts()
EVALUATION: Final = "evaluation"
SHIPPED: Final = "shipped"
FURTHER: Final = "further"
SPLIT_FILE: Final = "split.json"
SHIPPED_FILES: Final = ("embedding.safetensors", "naming.safetensors", "vectors.safetensors")

KEPT_VECTORS: Final = 30
"""Vectors that are shipped of each character, one a near-duplicate group: some 500 bytes each."""


@dataclass(frozen=True, slots=True)
class TrunkPlan:
    """The recipes of one trunk; the shipped run goes on from the evaluation run."""

    evaluation: BackbonePlan
    shipped: BackbonePlan


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The recipes of the trunks, and the seed of the split."""

    trunks: tuple[TrunkPlan, ...]
    seed: int = 0


def default_plan(minutes: float | None = None, seed: int = 0) -> TrainingPlan:
    """The recipe that `moedex train` follows; `minutes` bounds all runs together by the clock.

    Two trunks that differ in where they are cut, in their draws and in their loss.
    """

    def timed(plan: BackbonePlan, share: float, draws: int) -> BackbonePlan:
        return replace(
            plan, minutes=None if minutes is None else share * minutes, seed=seed + draws
        )

    def trunk(plan: BackbonePlan, draws: int) -> TrunkPlan:
        last = replace(plan, sides=((112, 0.4), (144, 0.6)), passes=40, rate=6e-4, warm_up=0.05)
        return TrunkPlan(timed(plan, 0.28, draws), timed(last, 0.22, draws + 1))

    first = trunk(BackbonePlan(cut="mixed8", smoothing=0.0), 31)
    second = trunk(BackbonePlan(cut="mixed7"), 21)
    return TrainingPlan((first, second), seed)


def train_both(
    data: Path, out: Path, plan: TrainingPlan, *, start: Path, report: Report | None = None
) -> Path:
    """Train and measure, then train what is shipped; returns the folder with the weights files.

    Runs found unfinished in `out` go on where they stopped. Raises DatasetError and StartError.
    """
    dataset = load_dataset(data)
    write_skipped(dataset, out)
    measured = train_evaluation(dataset, out / EVALUATION, plan, start=start, report=report)
    samples, shipped = with_post_faces(data, dataset), out / SHIPPED
    runs = [
        train_backbone(
            samples,
            shipped / trunk_folder(number),
            recipes.shipped,
            warm=out / EVALUATION / trunk_folder(number),
            report=report,
        )
        for number, recipes in enumerate(plan.trunks, start=1)
    ]
    blend_runs(samples, runs, shipped)
    fit_shipped_head(samples, shipped, measured)
    return shipped


def train_evaluation(
    dataset: Dataset, folder: Path, plan: TrainingPlan, *, start: Path, report: Report | None = None
) -> Namer:
    """Train the evaluation run into `folder`; returns what names by its embedding.

    Trunks found in `folder` are resumed, or left as they are where they are done; `start` is not
    read for them. Raises StartError.
    """
    split = split_samples(dataset.samples, plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    split.save(folder / SPLIT_FILE, dataset.samples)
    learned = [dataset.samples[index] for index in split.train]
    held_out = [dataset.samples[index] for index in split.known][::3]
    runs = [
        train_backbone(
            learned,
            folder / trunk_folder(number),
            recipes.evaluation,
            start=start,
            probe=held_out,
            report=report,
        )
        for number, recipes in enumerate(plan.trunks, start=1)
    ]
    blend_runs(learned, runs, folder)
    measured = fit_evaluation_head(dataset, split, folder)
    measured.save(folder / NAMING_FILE.name)
    return measured


def trunk_folder(number: int) -> str:
    """Where a trunk's run is below its folder of runs; they count from 1."""
    return f"trunk_{number}"


def with_post_faces(data: Path, dataset: Dataset) -> list[Sample]:
    """Every sample there is, the faces of the posts among them."""
    names = {sample.label for sample in dataset.samples if sample.kind == "character"}
    return [*dataset.samples, *post_faces(data, names)]


def further_plan(minutes: float | None = None, seed: int = 2) -> BackbonePlan:
    """The recipe of `train_further`; `minutes`: of all trunks together, by the clock."""
    return replace(default_plan().trunks[0].shipped, minutes=minutes, rate=5e-4, seed=seed)


def train_further(
    data: Path, out: Path, plan: BackbonePlan, weights: Path = WEIGHTS, report: Report | None = None
) -> Path:
    """Go on from finished `weights` with every picture below `data`; returns the runs' folder.

    Each trunk is trained by `plan` in turn, in its share of the minutes where the plan has some.
    What looks wrongly labelled to them trains nothing and is listed in `doubtful.txt`. Calibration
    and threshold stay those of `weights`. An unfinished run in `out` goes on where it stopped.
    Raises DatasetError and WeightsError.
    """
    dataset = load_dataset(data)
    write_skipped(dataset, out)
    samples = with_post_faces(data, dataset)
    further, before = out / FURTHER, out / "before"
    listed = further / "doubtful.txt"
    if not listed.is_file():
        before.mkdir(parents=True, exist_ok=True)
        further.mkdir(exist_ok=True)
        for name in (EMBEDDING_FILE.name, NAMING_FILE.name):
            shutil.copyfile(weights / name, before / name)
        vectors = embed_all(Embedder.load(before / EMBEDDING_FILE.name), samples)
        wrong = doubtful(vectors, [sample.label for sample in samples])
        listed.write_text("".join(f"{samples[i].file}\n" for i in wrong), encoding="utf-8")
    left_out = set(listed.read_text(encoding="utf-8").splitlines())
    trusted = [sample for sample in samples if sample.file not in left_out]
    start = before / EMBEDDING_FILE.name
    cuts = read_settings(start).structure.cuts
    each = plan if plan.minutes is None else replace(plan, minutes=plan.minutes / len(cuts))
    runs = [
        train_backbone(
            trusted,
            further / trunk_folder(trunk + 1),
            replace(each, cut=cut),
            start=start,
            trunk=trunk,
            report=report,
        )
        for trunk, cut in enumerate(cuts)
    ]
    blend_runs(trusted, runs, further)
    fit_shipped_head(trusted, further, Namer.load(before / NAMING_FILE.name))
    return further


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
    return [*listed, *(Character(n, n.replace("_", " ").title(), "") for n in others)]


def embed_all(embedder: Embedder, samples: Sequence[Sample]) -> Vectors:
    """Embed samples as they are, framed only; (n, dimensions) float32 of unit length."""
    parts: list[Vectors] = [np.empty((0, embedder.dimensions), np.float32)]
    for first in range(0, len(samples), 32):
        crops = [framed(sample.pixels, embedder.side) for sample in samples[first : first + 32]]
        parts.append(embedder.embed(np.stack(crops)))
    return np.concatenate(parts)


def fit_evaluation_head(dataset: Dataset, split: Split, folder: Path) -> Namer:
    """Gallery from the training part; calibration and threshold from what was held out."""
    embedder = Embedder.load(folder / "embedding.safetensors")
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

    Calibration and threshold are those of the measured run. Characters that it did not know are
    scored as those that are added later: the shipped run is short, and their faces are not yet as
    near to their directions as the calibration expects.
    """
    embedder = Embedder.load(folder / "embedding.safetensors")
    vectors = embed_all(embedder, samples)
    labels = [sample.label for sample in samples]
    gallery = fit_gallery(vectors, labels, characters_of(samples), class_directions(folder))
    before = measured.gallery
    settled = {character.id for character in before.characters} - {
        before.characters[index].id for index in before.added
    }
    later = [i for i, character in enumerate(gallery.characters) if character.id not in settled]
    gallery = replace(gallery, added=tuple(later))
    namer = Namer(
        gallery,
        parts=measured.parts,
        calibration=measured.calibration,
        threshold=measured.threshold,
        version="",
    )
    namer.save(folder / "naming.safetensors")
    kept = _some_of_each(samples, {character.id for character in gallery.characters})
    data = VectorSet(
        vectors[kept],
        tuple(labels[index] for index in kept),
        tuple(samples[index].group for index in kept),
    )
    data.save(folder / "vectors.safetensors", embedder.version)


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
    path = out / "naming.safetensors"
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


def install(files: Mapping[str, Path], folder: Path = WEIGHTS) -> None:
    """Copy weights files, by name, to where `Embedder` and `Namer` look for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
        (folder / name).chmod(0o644)


def read_log(folder: Path) -> list[dict]:
    """The lines of a run's log, oldest first; empty where there is none."""
    path = folder / "log.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
