"""Draws the training log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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
