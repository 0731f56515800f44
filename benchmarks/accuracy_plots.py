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


def plot_logs(backbones: Sequence[Sequence[dict]], path: Path) -> None:
    """How many faces were named rightly, a panel a backbone: its lines as in `log.jsonl`."""
    figure, panels = plt.subplots(
        1, len(backbones), figsize=(9, 4), sharey=True, squeeze=False, layout="constrained"
    )
    for number, (axes, lines) in enumerate(zip(panels[0], backbones, strict=True), start=1):
        shares = [100 * line["sparse_categorical_accuracy"] for line in lines]
        held = [(line["step"], 100 * line["held_out"]) for line in lines if "held_out" in line]
        axes.plot(
            [line["step"] for line in lines],
            shares,
            ":",
            color="tab:blue",
            label="augmented training faces",
        )
        axes.plot(
            *zip(*held, strict=True),
            "o-",
            markersize=4,
            color="tab:orange",
            label="held-out faces, averaged weights",
        )
        axes.set(title=f"backbone {number}", xlabel="step (48 faces each)", ylim=(0, 100))
    panels[0][0].set_ylabel("named rightly by classifier weights, %")
    panels[0][-1].legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_calibration(judged: Judged, path: Path, bins: int = 15) -> None:
    """How often names of each probability are right, in bins of equally many faces."""
    order = np.argsort(judged.confidence)
    right = (judged.rank == 0).astype(float)
    parts = np.array_split(order, bins)
    figure, axes = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(
        [judged.confidence[part].mean() for part in parts],
        [right[part].mean() for part in parts],
        "o-",
    )
    axes.set(xlabel="probability said", ylabel="share of right names", xlim=(0, 1), ylim=(0, 1.02))
    figure.savefig(path, dpi=120)
    plt.close(figure)
