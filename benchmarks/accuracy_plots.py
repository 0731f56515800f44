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


def plot_log(lines: Sequence[dict], path: Path) -> None:
    """Loss and accuracy of a run over its steps; `lines` as in `log.jsonl`."""
    steps = [line["step"] for line in lines]
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot(steps, [line["loss"] for line in lines], color="tab:red", label="loss")
    left.set(xlabel="step (48 faces each)", ylabel="loss")
    right = left.twinx()
    right.plot(
        steps,
        [100 * line["sparse_categorical_accuracy"] for line in lines],
        color="tab:blue",
        linestyle=":",
        label="augmented training faces",
    )
    held = [(line["step"], 100 * line["held_out"]) for line in lines if line.get("held_out")]
    if held:
        right.plot(*zip(*held, strict=True), "o-", color="tab:blue", label="held-out faces")
    right.set(ylabel="named rightly by class directions, %", ylim=(0, 100))
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
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
