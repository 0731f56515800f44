"""How well the detector boxes close portraits, where the head is as wide as the picture.

    python -m benchmarks.detection_portraits [--data ../shared/data] [--docs docs/detection.md]

The 150 official portraits and their boxes are those of `benchmarks/boxes/portraits.csv`; README.md
beside it says how they were chosen and boxed.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import typer

from benchmarks.detection_rules import BEFORE
from benchmarks.found_heads import MATCH, read
from benchmarks.options import DATA, Data, Docs
from benchmarks.statistics import machine, publish, table, today
from models.detection.boxes import iou
from models.detection.learned import LearnedDetector
from models.types import Box, Pixels

if TYPE_CHECKING:
    from models.detection.registry import Detector

PORTRAITS: Final = Path(__file__).parent / "boxes" / "portraits.csv"


class Portrait(NamedTuple):
    """A portrait without the border that was added to it, and the head in its pixels."""

    file: str
    pixels: Pixels
    head: Box


def portraits(data: Path, path: Path = PORTRAITS) -> list[Portrait]:
    """Read the boxed portraits."""
    found: list[Portrait] = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            left, top, right, bottom = (int(row[k]) for k in ("left", "top", "right", "bottom"))
            whole = read(data / "portraits" / row["file"])
            head = Box(*(float(row[key]) for key in ("x0", "y0", "x1", "y1"))).moved(-left, -top)
            pixels = np.ascontiguousarray(whole[top:bottom, left:right])
            found.append(Portrait(row["file"], pixels, head))
    return found


def main(
    data: Data = DATA,
    docs: Docs = None,
) -> None:
    """Print how well the heads of portraits are boxed, before and now."""
    learned = LearnedDetector.load()
    one_look = LearnedDetector(learned.network, BEFORE)
    there = portraits(data)
    rows = [_row("before", one_look, there), _row("now", learned, there)]
    heading = ["portraits", "median IoU", "5th percentile", "missed", "further boxes"]
    text = f"{today()}, {machine()}\n\n{table(heading, rows)}"
    publish(text, docs, "portraits")


def _row(title: str, detector: Detector, there: list[Portrait]) -> list[object]:
    overlaps: list[float] = []
    further = 0
    for portrait in there:
        each = [iou(portrait.head, face.box) for face in detector.detect(portrait.pixels)]
        overlaps.append(max(each, default=0.0))
        further += sum(overlap < MATCH for overlap in each)
    median, low = np.percentile(overlaps, [50, 5])
    missed = [p.file for p, overlap in zip(there, overlaps, strict=True) if overlap < MATCH]
    return [title, f"{median:.2f}", f"{low:.2f}", ", ".join(missed) or "none", further]


if __name__ == "__main__":
    typer.run(main)
