"""The rivals' figures as tables and as a plot, without anybody's art."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from benchmarks.statistics import table

mpl.use("Agg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from models.intervals import Share

SUCCESSOR = {3: 85.0, 25: 80.6, 50: 78.9, 100: 70.1}
"""What the article's successor gives, by characters; some 60 pictures each of a set of its own."""


def shown(figures: dict[str, Any]) -> str:
    """Write the section of docs/accuracy_96.md."""
    names = list(figures["found"])
    parts = [
        "## The article's rivals",
        f"`python -m benchmarks.rivals`, {figures['date']}, {figures['machine']}; the split of "
        "`models/training/split.py`, weights of the held-out model, trained without it. Shares "
        "with 95 % Wilson intervals.",
        "![Rivals by number of characters, by pictures, beside impostors, damaged](rivals.png)",
        "### Faces found in whole pictures",
        table(
            ["detector", *next(iter(figures["detectors"].values()))],
            [[name, *row.values()] for name, row in figures["detectors"].items()],
        ),
        "### Naming, by how many characters",
        "Top-1 and top-5; at most 60 pictures each to learn from.",
        table(
            ["characters", "pictures each (median)", *names],
            [
                [n, int(np.median(row["pictures each"]))]
                + [f"{row[m][0]}; {100 * row[m][1].value:.1f} %" for m in names]
                for n, row in figures["characters"].items()
            ],
        ),
    ]
    for title, key, first in (
        ("### Naming, by pictures to learn from", "shots", "pictures each"),
        ("### Characters never seen in training", "unseen", "pictures each"),
        ("### TPIR by FPIR", "tpir", "FPIR"),
        ("### Damaged faces, top-1", "damage", "damage"),
    ):
        rows = [[n, *(row[m] for m in names)] for n, row in figures[key].items()]
        parts += [title, table([first, *names], rows)]
    parts += [
        "### The article's test",
        "Three characters, 20 pictures each, 10 questions, threshold 0.94; points of ten, mean of "
        "ten draws. The article: 8.",
        table(
            ["method", "mean", "draws"],
            [[m, f"{np.mean(p):.1f}", p] for m, p in figures["article"].items()],
        ),
        "Whole posts of the three, 20 of each to learn from and the others asked about, sum of ten "
        "draws:",
        table(["way", "named rightly"], figures["whole posts"].items()),
        "### Takayama's counts",
        "The article gives 74.2 / 14.0 / 11.8 %.",
        table(["", "share"], figures["takayama"].items()),
        "### Ours, parts switched off",
        "From pictures alone, as every row here. The backbones, parts of the shipped naming and of "
        "training are switched off in a table further up, the detector in that of whole posts.",
        table(
            ["parts", "top-1", "TPIR at FPIR = 5 %"],
            [[name, *shares] for name, shares in figures["parts"].items()],
        ),
        "### Reverse search",
        "Over all posts: the median similarity of a damaged picture to itself by Haar wavelets "
        "(the article: 98 % for itself, 43 % cropped by 20 %), and how often it comes first. "
        "Ours compares embeddings of the whole picture, which it was not made for.",
        table(
            ["query", "similarity %", "wavelets: first", "Moedex: first"],
            [
                [name, f"{row['similarity']:.0f}", row["iqdb first"], row["moedex first"]]
                for name, row in figures["reverse"].items()
            ],
        ),
    ]
    return "\n\n".join(parts)


def plot_rivals(figures: dict[str, Any], path: Path) -> None:
    """Draw every way of naming: a panel each for characters, pictures, impostors and damage."""
    ways = list(figures["found"])
    figure, ((characters, shots), (impostors, damage)) = plt.subplots(
        2, 2, figsize=(10, 7.5), sharey=True, layout="constrained"
    )
    for way in ways:
        counted = {int(n): row[way][0] for n, row in figures["characters"].items()}
        _line(characters, way, list(counted), list(counted.values()))
        _line(shots, way, [int(n) for n in figures["shots"]], _of(figures["shots"], way))
        rates = [float(rate.rstrip("%")) for rate in figures["tpir"]]
        _line(impostors, way, rates, _of(figures["tpir"], way))
    successor = "the article's successor, own pictures"
    characters.plot(*zip(*SUCCESSOR.items(), strict=True), ":", color="grey", label=successor)
    characters.set(xlabel="characters, at most 60 pictures each", ylabel="named rightly, %")
    shots.set(xscale="log", xlabel="pictures of each to learn from")
    shots.set_xticks(labels := [int(n) for n in figures["shots"]], map(str, labels))
    shots.minorticks_off()
    impostors.set(xlabel="FPIR, %", ylabel="TPIR, %")
    hurt = list(figures["damage"])
    width = 0.8 / len(ways)
    for place, way in enumerate(ways):
        shares = _of(figures["damage"], way)
        at = np.arange(len(hurt)) + (place - (len(ways) - 1) / 2) * width
        damage.bar(at, _percent(shares), width, yerr=_reach(shares), ecolor="black")
    damage.set_xticks(range(len(hurt)), ["\n".join(name.rsplit(" ", 1)) for name in hurt])
    damage.set(xlabel="damage", ylim=(0, 103))
    figure.legend(*characters.get_legend_handles_labels(), loc="outside upper center", ncols=5)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _line(axes: Axes, way: str, places: Sequence[float], shares: Sequence[Share]) -> None:
    axes.errorbar(places, _percent(shares), _reach(shares), fmt="o-", capsize=2, label=way)


def _of(rows: dict[str, dict[str, Share]], way: str) -> list[Share]:
    return [row[way] for row in rows.values()]


def _percent(shares: Sequence[Share]) -> list[float]:
    return [100 * share.value for share in shares]


def _reach(shares: Sequence[Share]) -> np.ndarray:
    """How far the 95 % intervals reach below and above, (2, n) in points."""
    return np.array([np.abs(np.array(s.interval) - s.value) * 100 for s in shares]).T
