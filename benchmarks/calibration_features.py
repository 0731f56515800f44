"""How many confidence features to weigh, told by identities that were not fitted on.

    python -m benchmarks.calibration_features --data ../shared/data --docs docs/accuracy.md

Cross-validation on the fitting half alone (`models.training.gallery.ground`): the identities are
dealt to five folds by a hash of their ids, known ones and impostors alike; the calibration is
fitted on four and measured on the fifth, in the whole gallery, by several deals. The features are
taken from the first on, in the order of `confidence_features`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.options import CACHE, DATA, Cache, Data, Docs
from benchmarks.statistics import machine, publish, table, today
from models.gallery.fitting import examine, fit_calibration, log_loss
from models.training.gallery.shipping import HELD_OUT, Sources, held_out_ground

if TYPE_CHECKING:
    from models.gallery.fitting import Examined, Trial
    from models.gallery.gallery import Gallery
    from models.gallery.scoring import Scoring

FOLDS: Final = 5
DEALS: Final = 4
FEATURES: Final = {
    3: "best score, margins",
    4: "and pictures enrolled",
    5: "and size of the gallery",
    6: "and whether the pictures are many",
    9: "and that times score and margins",
}


def folds(trial: Trial, deal: int) -> list[tuple[list[int], list[int]]]:
    """Return the rows to fit on, and those to measure on, of each fold."""
    dealt = [zlib.crc32(f"{deal} {name}".encode()) % FOLDS for name in trial.identities]
    return [
        (
            [row for row, its in enumerate(dealt) if its != fold],
            [row for row, its in enumerate(dealt) if its == fold],
        )
        for fold in range(FOLDS)
    ]


def cross_validated(trial: Trial, gallery: Gallery, scoring: Scoring) -> str:
    """Return the mean log loss by the number of features."""
    pairs: list[tuple[Examined, Examined]] = [
        (examine(trial.only(rest), gallery, scoring), examine(trial.only(held), gallery, scoring))
        for deal in range(DEALS)
        for rest, held in folds(trial, deal)
    ]
    rows: list[tuple[object, ...]] = []
    for columns, what in FEATURES.items():
        fitted = [(fit_calibration([rest], columns), held) for rest, held in pairs]
        losses = [log_loss(held, calibration) for calibration, held in fitted]
        rows.append((columns, what, f"{np.mean(losses):.4f}"))
    return table(("features", "", "log loss"), rows)


def main(
    data: Data = DATA,
    cache: Cache = CACHE,
    held_out: Annotated[Path, typer.Option(help="The held-out embedding.")] = HELD_OUT,
    docs: Docs = None,
) -> None:
    """Print and write the table."""
    ground = held_out_ground(Sources.load(data, cache), held_out, lambda _: None)
    found = cross_validated(ground.fitting, ground.gallery, ground.choose_scoring())
    text = f"`python -m benchmarks.calibration_features`; {machine()}; {today()}.\n\n{found}"
    publish(text, docs, "calibration features")


if __name__ == "__main__":
    typer.run(main)
