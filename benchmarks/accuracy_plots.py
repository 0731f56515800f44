"""Draws the training log and the calibration: figures only, nobody's art."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.training.evaluation import Judged


def plot_logs(logs: Sequence[Sequence[dict]], path: Path) -> None:
    """How many faces were named rightly over the stages of a run; lines as in `log.jsonl`."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    before = 0
    for lines in logs:
        steps = [before + line["step"] for line in lines]
        shares = [100 * line["sparse_categorical_accuracy"] for line in lines]
        held = [
            (before + line["step"], 100 * line["held_out"]) for line in lines if "held_out" in line
        ]
        first = before == 0
        axes.plot(
            steps,
            shares,
            ":",
            color="tab:blue",
            label="augmented training faces" if first else None,
        )
        axes.plot(
            *zip(*held, strict=True),
            "o-",
            color="tab:orange",
            label="held-out faces, averaged weights" if first else None,
        )
        before = steps[-1]
        axes.axvline(before, color="grey", linewidth=0.5)
    axes.set(
        xlabel="step (48 faces each); lines: a stage ends",
        ylabel="named rightly by class directions, %",
        ylim=(0, 100),
    )
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_calibration(judged: Judged, path: Path, bins: int = 15) -> None:
    """How often names of each probability are right, in bins of equally many faces."""
    order = np.argsort(judged.sure)
    right = (judged.rank == 0).astype(float)
    parts = np.array_split(order, bins)
    figure, axes = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(
        [judged.sure[part].mean() for part in parts], [right[part].mean() for part in parts], "o-"
    )
    axes.set(xlabel="probability said", ylabel="share of right names", xlim=(0, 1), ylim=(0, 1.02))
    figure.savefig(path, dpi=120)
    plt.close(figure)
