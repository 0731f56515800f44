"""Restores the held-out model from `models/weights/held_out`: minutes instead of hours of training.

    python -m benchmarks.held_out_model --data ../shared/data --run runs/held_out

The embedding, its backbones and the split are copied to `--run`, where `moedex train backbone`
finds them too and goes on with the production model; names, calibration and threshold are fitted
anew. `--keep` replaces what is kept by a model that is finished there. `--ship` gives its
calibration and threshold to the names that the bot loads.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated, Final

import typer

from benchmarks.options import DATA, RUN, Data, Run
from models.embedding.embedder import EMBEDDING_FILE
from models.gallery.namer import NAMING_FILE, Namer
from models.training.dataset import load_dataset
from models.training.pipeline import (
    SPLIT_FILE,
    backbone_folder,
    default_plan,
    train_held_out,
)
from models.training.runs import TRAINED_FILE, is_finished, save_backbone
from models.training.trained import FUSED_CLASS_WEIGHTS_FILE
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = WEIGHTS / "held_out"


def main(
    data: Data = DATA,
    run: Run = RUN,
    keep: Annotated[bool, typer.Option(help="Keep the model of this run.")] = False,
    ship: Annotated[bool, typer.Option(help="Ship its calibration and threshold.")] = False,
) -> None:
    """Restore the model, or keep that of a run."""
    plan = default_plan()
    folders = [backbone_folder(number) for number in range(1, len(plan.backbones) + 1)]
    source = run if keep else KEPT
    for folder in folders:
        if not is_finished(source / folder):
            raise typer.BadParameter(f"{source / folder} holds no finished run")
    if keep:
        _copy(run, KEPT)
        for folder in folders:
            ignored = shutil.ignore_patterns(TRAINED_FILE)
            shutil.copytree(run / folder, KEPT / folder, ignore=ignored, dirs_exist_ok=True)
    else:
        _copy(KEPT, run)
        for number in range(len(folders)):
            restore_backbone(number, run)
        train_held_out(load_dataset(data), run, plan, start=KEPT)
    if ship:
        measured, shipped = Namer.load(run / NAMING_FILE.name), Namer.load()
        shipped.calibration, shipped.threshold = measured.calibration, measured.threshold
        shipped.save(NAMING_FILE)


def restore_backbone(number: int, run: Path) -> Path:
    """Put the finished run of backbone `number` (from 0) below `run`; returns its folder."""
    folder = run / backbone_folder(number + 1)
    shutil.copytree(KEPT / folder.name, folder, dirs_exist_ok=True)
    save_backbone(folder, KEPT / EMBEDDING_FILE.name, number)
    return folder


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in (EMBEDDING_FILE.name, FUSED_CLASS_WEIGHTS_FILE, SPLIT_FILE):
        shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    typer.run(main)
