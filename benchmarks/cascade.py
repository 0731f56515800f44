"""What each pass of the cascade detector finds, and how long the detector takes.

    python -m benchmarks.cascade [--data ../shared/data]

Counted are the look-alikes' posts with a box (one drawn girl in nearly each), the posts of many
characters with a box, and how many of those posts' head boxes by another detector are found (IoU
at least 0.4; not checked by hand). Times are medians over the look-alikes' posts, whose longer
side is 1,000 pixels in the middle.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from benchmarks.options import DATA, Data
from benchmarks.statistics import machine, table, today
from models.detection.boxes import iou, squared
from models.detection.cascade import PASSES, CascadeDetector, Pass, grey_at_most
from models.images.decoding import decode
from models.types import Box, Pixels

MATCH = 0.4

Find = Callable[[Pixels], list[Box]]


@dataclass(frozen=True)
class Sets:
    """The pictures: look-alikes' posts, posts, and the head boxes of the latter."""

    lookalikes: list[Pixels]
    posts: list[Pixels]
    heads: list[list[Box]]


@dataclass(frozen=True)
class Boxes:
    """What was found in each picture, and the median milliseconds of a look-alikes' post."""

    lookalikes: list[list[Box]]
    posts: list[list[Box]]
    milliseconds: float

    def and_also(self, other: Boxes) -> Boxes:
        """Return the boxes of both, one after the other in time."""
        return Boxes(
            [a + b for a, b in zip(self.lookalikes, other.lookalikes, strict=True)],
            [a + b for a, b in zip(self.posts, other.posts, strict=True)],
            self.milliseconds + other.milliseconds,
        )


def main(
    data: Data = DATA,
) -> None:
    """Print a table of the passes alone and in union, and one of the whole detector."""
    sets = read_sets(data)
    early, union = CascadeDetector(), CascadeDetector(stop_early=False)
    heads = sum(map(len, sets.heads))
    print(f"{today()}, {machine()}\n")
    print(f"{len(sets.lookalikes)} look-alikes' posts, {len(sets.posts)} posts, {heads} heads\n")

    rows: list[list[str]] = []
    together: Boxes | None = None
    for each in PASSES:
        alone = measured(_one_pass(early, each), sets)
        together = together.and_also(alone) if together else alone
        rows.append([_title(each), *_counts(alone, sets), *_counts(together, sets)])
    counted = ["look-alikes", "posts", "heads", "ms"]
    print(table(["pass", *counted, *(f"union: {each}" for each in counted)], rows) + "\n")

    whole = [
        ["stops once passes agree", *_counts(measured(_detecting(early), sets), sets)],
        ["all passes, merged", *_counts(measured(_detecting(union), sets), sets)],
    ]
    print(table(["whole detector", *counted], whole))


def read_sets(data: Path) -> Sets:
    """Read the pictures and boxes below the folder of labelled pictures."""
    heads: dict[str, list[Box]] = {}
    with (data / "posts.csv").open(newline="", encoding="utf-8") as file:
        for name, _, _, boxes in list(csv.reader(file))[1:]:
            corners = [[float(v) for v in box.split(",")[:4]] for box in boxes.split()]
            heads[name] = [squared(Box(*corner)) for corner in corners]
    lookalikes = sorted((data / "three_lookalikes" / "posts").glob("*/*.*"))
    return Sets(
        [_read(path) for path in lookalikes],
        [_read(data / "posts" / name) for name in heads],
        list(heads.values()),
    )


def measured(find: Find, sets: Sets) -> Boxes:
    """Run a detector over all pictures."""
    times: list[float] = []
    lookalikes: list[list[Box]] = []
    for picture in sets.lookalikes:
        begun = time.perf_counter()
        lookalikes.append(find(picture))
        times.append(time.perf_counter() - begun)
    posts = [find(picture) for picture in sets.posts]
    return Boxes(lookalikes, posts, 1000 * statistics.median(times))


def _counts(boxes: Boxes, sets: Sets) -> list[str]:
    found = sum(
        any(iou(head, box) >= MATCH for box in in_picture)
        for in_picture, heads in zip(boxes.posts, sets.heads, strict=True)
        for head in heads
    )
    return [
        str(sum(map(bool, boxes.lookalikes))),
        str(sum(map(bool, boxes.posts))),
        str(found),
        f"{boxes.milliseconds:.0f}",
    ]


def _title(how: Pass) -> str:
    changes = ["equalised"] * how.equalised + ["mirrored"] * how.mirrored
    rotated = [f"{how.angle:+}°"] if how.angle else []
    return ", ".join([f"{how.side} px", *changes, *rotated])


def _one_pass(detector: CascadeDetector, how: Pass) -> Find:
    def find(picture: Pixels) -> list[Box]:
        grey, scale = grey_at_most(picture, how.side)
        hits = detector.hits(grey, how)
        return [hit.box.scaled(1 / scale) for hit in hits]

    return find


def _detecting(detector: CascadeDetector) -> Find:
    return lambda picture: [face.box for face in detector.detect(picture)]


def _read(path: Path) -> Pixels:
    return decode(path.read_bytes(), path.name).frames[0]


if __name__ == "__main__":
    typer.run(main)
