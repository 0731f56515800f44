"""What the detectors find on hand-boxed posts and on the look-alikes' posts, and how fast.

    python -m benchmarks.detection [--data ../shared/data] [--run runs/held_out] [--timed]
                                   [--docs docs/detection.md]
    python -m benchmarks.detection --choose [--weights FILE]
    python -m benchmarks.detection --rules [--docs docs/detection.md]

Recall: hand-checked heads (`models/training/detector/test_boxes.csv`) that a box overlaps by an
IoU of 0.4 or more; precision: boxes that do so for some head, each head once. Boxes on regions
marked to be ignored count neither way. `--choose` tries weights, thresholds and rules on the
validation posts, never on the test. `--rules` switches the learned
detector's rules off in turn. With `--run` a last row is of the whole bot: the learned detector,
without the boxes that the embedding of that run takes for no face. `--timed` needs an idle machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from benchmarks.boxes.tool import BOXES, read_boxes
from benchmarks.detection_rules import choices, rules_in_turn
from benchmarks.found_heads import measure, read
from benchmarks.options import DATA, Data, Docs
from benchmarks.statistics import machine, publish, table, today
from models.detection.cascade import CascadeDetector, Pass
from models.detection.learned import LearnedDetector
from models.detection.registry import Detector
from models.detection.rules import FIRST_PASS
from models.identify import Identifier
from models.images.decoding import Picture
from models.intervals import Share
from models.types import Face, Pixels

TIMED_SIDE = 1000


class OnePass:
    """The article's way: one pass of the cascade at full size."""

    def __init__(self) -> None:
        self._cascade = CascadeDetector()

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads that a single pass over the picture finds."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        hits = self._cascade.hits(grey, Pass(max(grey.shape)), 0)
        return [Face(hit.box, 1.0) for hit in hits]


class AsUsed:
    """The whole bot: what the embedding takes for no face is left out."""

    def __init__(self, weights: Path) -> None:
        self._identifier = Identifier.load("learned", weights=weights)

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the faces that an answer would have."""
        height, width = picture.shape[:2]
        named = self._identifier.identify(Picture("", (picture,), False, width, height))
        return [one.face for one in named]


def main(
    data: Data = DATA,
    docs: Docs = None,
    choose: Annotated[
        bool, typer.Option(help="Try thresholds and rules on the validation posts.")
    ] = False,
    weights: Annotated[Path | None, typer.Option(help="The learned detector's weights.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the held-out model: also measure with it.")
    ] = None,
    timed: Annotated[bool, typer.Option(help="Also take the time.")] = False,
    rules: Annotated[
        bool, typer.Option(help="Switch the learned one's rules off in turn.")
    ] = False,
) -> None:
    """Print what every detector finds."""
    learned = LearnedDetector.load(weights)
    if choose:
        print(choices(learned, data))
        return
    if rules:
        text = rules_in_turn(learned, data)
        publish(text, docs, "rules")
        return
    boxes = read_boxes(BOXES)
    posts = {name: read(data / "posts" / name) for name in boxes}
    lookalikes = [read(path) for path in sorted((data / "three_lookalikes/posts").glob("*/*"))]
    detectors: dict[str, Detector] = {
        "cascade, one pass": OnePass(),
        "cascade": CascadeDetector(),
        "learned": learned,
    }
    if run is not None:
        detectors["learned, as used"] = AsUsed(run)
    rows: list[list[str]] = []
    notes: list[str] = []
    for title, detector in detectors.items():
        found = {name: detector.detect(picture) for name, picture in posts.items()}
        result = measure(found, boxes)
        seen = sum(bool(detector.detect(picture)) for picture in lookalikes)
        rows.append(
            [
                title,
                str(result.recall),
                str(result.precision),
                str(result.pictures),
                f"{seen} of {len(lookalikes)}",
            ]
        )
        if timed:
            rows[-1].append(f"{milliseconds(detector, list(posts.values())):.0f}")
        print(rows[-1], file=sys.stderr, flush=True)
        notes.append(f"- {title}: missed a head in {', '.join(result.missed) or 'none'};")
        notes.append(f"  false box in {', '.join(result.false) or 'none'}.")
    again = sum(
        learned.rules.doubtful(learned.rules.fused(learned.candidates(post, FIRST_PASS)))
        for post in posts.values()
    )
    notes.append(f"- learned: a second pass over {Share(again, len(posts))} of the posts.")
    heading = ["detector", "recall", "precision", "posts without fault", "look-alikes"]
    heading += ["ms"] * timed
    text = "\n".join([f"{today()}, {machine()}", "", table(heading, rows), "", *notes, ""])
    publish(text, docs, "figures")


def milliseconds(detector: Detector, pictures: list[Pixels]) -> float:
    """Median over pictures of the least of five times, in ms; the longer side is TIMED_SIDE.

    The least of five, as other processes may have the cores in between.
    """
    medians: list[float] = []
    for picture in pictures[::12]:
        scale = TIMED_SIDE / max(picture.shape[:2])
        scaled = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
        seconds: list[float] = []
        for _ in range(5):
            started = time.perf_counter()
            detector.detect(scaled)
            seconds.append(time.perf_counter() - started)
        medians.append(min(seconds))
    return 1000 * statistics.median(medians)


if __name__ == "__main__":
    typer.run(main)
