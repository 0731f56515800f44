"""The whole of training: a held-out model that is measured, then the production model.

1. The held-out model, a backbone after the other, learns from the training part of
   `split_samples`. The rest fits the calibration and the threshold, and gives the figures of
   `docs/accuracy.md`.
2. The production model goes on from each backbone with every picture there is, and the faces of the
   posts; its gallery holds every character, and it takes over the calibration and threshold of the
   first, as nothing is left to fit them on.

`train_further` goes on from weights that are finished.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.training_vectors import VECTORS_FILE
from models.training.backbone import train_backbone
from models.training.dataset import Dataset, Sample, load_dataset, post_faces
from models.training.export import read_structure
from models.training.fusion import fuse_runs
from models.training.galleries import (
    embed_all,
    fit_evaluation_head,
    fit_shipped_head,
    write_skipped,
)
from models.training.noise import doubtful
from models.training.plan import BackbonePlan
from models.training.split import Split, split_samples
from models.weight_files import WEIGHTS, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[dict], None]

HELD_OUT: Final = "held_out"
PRODUCTION: Final = "production"
FURTHER: Final = "further"
SPLIT_FILE: Final = "split.json"
INSTALLED_FILES: Final = (EMBEDDING_FILE.name, NAMING_FILE.name, VECTORS_FILE.name)


@dataclass(frozen=True, slots=True)
class BackbonePlans:
    """The recipes of one backbone; `production` goes on from what `held_out` made."""

    held_out: BackbonePlan
    production: BackbonePlan


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The recipes of the backbones, and the seed of the split."""

    backbones: tuple[BackbonePlans, ...]
    seed: int = 0


def default_plan(minutes: float | None = None, seed: int = 0) -> TrainingPlan:
    """The recipe that `moedex train` follows; `minutes` bounds all runs together by the clock.

    Two backbones that differ in where they are cut, in their draws and in their loss.
    """

    def timed(plan: BackbonePlan, share: float, draws: int) -> BackbonePlan:
        return replace(
            plan, minutes=None if minutes is None else share * minutes, seed=seed + draws
        )

    def backbone(plan: BackbonePlan, draws: int) -> BackbonePlans:
        last = replace(plan, sides=((112, 0.4), (144, 0.6)), passes=40, rate=6e-4, warm_up=0.05)
        return BackbonePlans(timed(plan, 0.28, draws), timed(last, 0.22, draws + 1))

    first = backbone(BackbonePlan(cut="mixed8", smoothing=0.0), 31)
    second = backbone(BackbonePlan(cut="mixed7"), 21)
    return TrainingPlan((first, second), seed)


def train_both(
    data: Path, out: Path, plan: TrainingPlan, *, start: Path, report: Report | None = None
) -> Path:
    """Train both models; returns the folder with the production model's weights files.

    Runs found unfinished in `out` go on where they stopped. Raises DatasetError and StartError.
    """
    dataset = load_dataset(data)
    write_skipped(dataset, out)
    measured = train_held_out(dataset, out / HELD_OUT, plan, start=start, report=report)
    samples, production = with_post_faces(data, dataset), out / PRODUCTION
    runs = [
        train_backbone(
            samples,
            production / backbone_folder(number),
            recipes.production,
            warm=out / HELD_OUT / backbone_folder(number),
            report=report,
        )
        for number, recipes in enumerate(plan.backbones, start=1)
    ]
    fuse_runs(samples, runs, production)
    fit_shipped_head(samples, production, measured)
    return production


def train_held_out(
    dataset: Dataset, folder: Path, plan: TrainingPlan, *, start: Path, report: Report | None = None
) -> Namer:
    """Train the held-out model into `folder`; returns what names by its embedding.

    Backbones found in `folder` are resumed, or left as they are where they are done; `start` is not
    read for them. So are a split and a finished embedding. Raises StartError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / SPLIT_FILE).is_file():
        split_samples(dataset.samples, plan.seed).save(folder / SPLIT_FILE, dataset.samples)
    split = Split.load(folder / SPLIT_FILE, dataset.samples)
    learned = [dataset.samples[index] for index in split.train]
    held_out = [dataset.samples[index] for index in split.known][::3]
    runs = [
        train_backbone(
            learned,
            folder / backbone_folder(number),
            recipes.held_out,
            start=start,
            probe=held_out,
            report=report,
        )
        for number, recipes in enumerate(plan.backbones, start=1)
    ]
    if not (folder / EMBEDDING_FILE.name).is_file():
        fuse_runs(learned, runs, folder)
    measured = fit_evaluation_head(dataset, split, folder)
    measured.save(folder / NAMING_FILE.name)
    return measured


def backbone_folder(number: int) -> str:
    """Where a backbone's run is below its folder of runs; they count from 1."""
    return f"backbone_{number}"


def with_post_faces(data: Path, dataset: Dataset) -> list[Sample]:
    """Every sample there is, the faces of the posts among them."""
    names = {sample.label for sample in dataset.samples if sample.kind == "character"}
    return [*dataset.samples, *post_faces(data, names)]


def further_plan(minutes: float | None = None, seed: int = 2) -> BackbonePlan:
    """The recipe of `train_further`; `minutes`: of all backbones together, by the clock."""
    return replace(default_plan().backbones[0].production, minutes=minutes, rate=5e-4, seed=seed)


def train_further(
    data: Path, out: Path, plan: BackbonePlan, weights: Path = WEIGHTS, report: Report | None = None
) -> Path:
    """Go on from finished `weights` with every picture below `data`; returns the runs' folder.

    Each backbone is trained by `plan` in turn, in its share of the minutes where the plan has some.
    What looks wrongly labelled to them trains nothing and is listed in `doubtful.txt`. Calibration
    and threshold stay those of `weights`. An unfinished run in `out` goes on where it stopped.
    Raises DatasetError and WeightsError.
    """
    structure = read_structure(weights / EMBEDDING_FILE.name)
    if structure.taps:
        raise WeightsError(
            f"{weights / EMBEDDING_FILE.name} is of a breadth run: "
            "`python -m models.training.breadth.run --start` goes on from it"
        )
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
    minutes = plan.minutes and plan.minutes / len(structure.cuts)
    each = replace(plan, axes=structure.axes, minutes=minutes)
    runs = [
        train_backbone(
            trusted,
            further / backbone_folder(backbone + 1),
            replace(each, cut=cut),
            start=start,
            backbone=backbone,
            report=report,
        )
        for backbone, cut in enumerate(structure.cuts)
    ]
    fuse_runs(trusted, runs, further)
    fit_shipped_head(trusted, further, Namer.load(before / NAMING_FILE.name))
    return further
