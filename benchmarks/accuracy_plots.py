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

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from models.training.evaluation import Judged


def plot_logs(trunks: Sequence[Sequence[Sequence[dict]]], path: Path) -> None:
    """How many faces were named rightly, a panel a trunk: its stages' lines as in `log.jsonl`."""
    figure, panels = plt.subplots(
        1, len(trunks), figsize=(9, 4), sharey=True, squeeze=False, layout="constrained"
    )
    for number, (axes, stages) in enumerate(zip(panels[0], trunks, strict=True), start=1):
        before = 0
        for lines in stages:
            steps = [before + line["step"] for line in lines]
            shares = [100 * line["sparse_categorical_accuracy"] for line in lines]
            held = [
                (before + line["step"], 100 * line["held_out"])
                for line in lines
                if "held_out" in line
            ]
            axes.plot(steps, shares, ":", color="tab:blue", label="augmented training faces")
            axes.plot(
                *zip(*held, strict=True),
                "o-",
                markersize=4,
                color="tab:orange",
                label="held-out faces, averaged weights",
            )
            before = steps[-1]
            axes.axvline(before, color="grey", linewidth=0.5)
        axes.set(title=f"trunk {number}", xlabel="step (48 faces each)", ylim=(0, 100))
    panels[0][0].set_ylabel("named rightly by class directions, %")
    panels[0][-1].legend(*_once(panels[0][-1]), loc="lower right", frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _once(axes: Axes) -> tuple[list[Artist], list[str]]:
    """The legend's entries, each once: every stage draws lines of the same kinds."""
    handles, labels = axes.get_legend_handles_labels()
    kinds = dict(zip(labels, handles, strict=True))
    return [*kinds.values()], [*kinds]


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
