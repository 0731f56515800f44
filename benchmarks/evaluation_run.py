"""Puts the evaluation run together from its trained trunks: minutes instead of hours of training.

    python -m benchmarks.evaluation_run --data ../shared/data --run runs/evaluation

`benchmarks/trunks` keeps what training left of each trunk. They are copied to `--run`, where
`moedex train backbone` finds them too and goes on with what is to be shipped. `--keep` replaces
them by those of a run that is finished there. `--ship` gives the run's calibration and threshold to
the names that are shipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.options import DATA, RUN, Data, Run
from models.gallery.namer import NAMING_FILE, Namer
from models.training.backbone import is_finished
from models.training.dataset import load_dataset
from models.training.pipeline import default_plan, train_evaluation, trunk_folder

KEPT: Final = Path(__file__).parent / "trunks"


def main(
    data: Data = DATA,
    run: Run = RUN,
    keep: Annotated[bool, typer.Option(help="Keep the trunks of this run.")] = False,
    ship: Annotated[bool, typer.Option(help="Ship its calibration and threshold.")] = False,
) -> None:
    """Copy the trunks and blend them, or keep those of a run."""
    plan = default_plan()
    source, target = (run, KEPT) if keep else (KEPT, run)
    for number in range(1, len(plan.trunks) + 1):
        trunk = trunk_folder(number)
        if not is_finished(source / trunk):
            raise typer.BadParameter(f"{source / trunk} holds no finished run")
        shutil.copytree(source / trunk, target / trunk, dirs_exist_ok=True)
    if not keep:
        train_evaluation(load_dataset(data), run, plan, start=KEPT)
    if ship:
        measured, shipped = Namer.load(run / NAMING_FILE.name), Namer.load()
        shipped.calibration, shipped.threshold = measured.calibration, measured.threshold
        shipped.save(NAMING_FILE)


if __name__ == "__main__":
    typer.run(main)
