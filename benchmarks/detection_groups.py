"""Finding every head of a group picture: against the same picture cut apart, and against before.

    python -m benchmarks.detection_groups [--data ../shared/data] [--chosen] [--timed]
                                          [--docs docs/detection.md]

`benchmarks.group_pictures` draws grids, strips, comic pages and pasted figures from hand-boxed
posts. A head counts as found where a box overlaps its hand-checked one by an IoU of 0.4. "Of those
found cut apart": of the heads that the detector finds in the parts, each a picture of its own, the
share that it finds in the whole. "Before" is the detector by `BEFORE`: one look, at all of the
picture. The posts are halved by a hash of their names: rules were chosen with one half (`--chosen`
measures it), the other is reported. `--timed` compares the time on posts with one head, before and
now in turn, in one process; nothing else should run.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from benchmarks.boxes.tool import BOXES, read_boxes
from benchmarks.detection_rules import BEFORE
from benchmarks.found_heads import MATCH, first_half, match, read
from benchmarks.group_pictures import KINDS, Figure, GroupPicture, draw_pictures
from benchmarks.options import DATA, Data, Docs
from benchmarks.statistics import machine, publish, table, today
from models.detection.boxes import iou, moved
from models.detection.learned import LearnedDetector
from models.detection.registry import Detector
from models.detection.tiles import LONG
from models.identify import detection_side
from models.images.resizing import halved
from models.intervals import Share
from models.types import Box, Face, Pixels

ROUNDS: Final = 2
"""How often each post is drawn in pictures of a kind."""

HALVED_BEFORE: Final = 1536
"""What the longer side of a picture was halved to before, a strip's too."""

REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Halving:
    """A detector that sees large pictures halved, as the bot does it."""

    detector: Detector

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in pixels of the picture."""
        longer = max(picture.shape[:2])
        small = halved(picture, detection_side(*picture.shape[:2]))
        return _enlarged(self.detector.detect(small), longer / max(small.shape[:2]))


@dataclass(frozen=True, slots=True)
class AsBefore:
    """The detector as it saw pictures before: a strip as a whole, however long."""

    detector: Detector

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in pixels of the picture."""
        small = halved(picture, HALVED_BEFORE)
        scale = max(picture.shape[:2]) / max(small.shape[:2])
        # Black at its side makes a picture of a strip; the network's input was padded so too.
        height, width = small.shape[:2]
        right, down = (max(0, -int(-(max(height, width) / LONG) // 1) - n) for n in (width, height))
        padded = cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_CONSTANT)
        return _enlarged(self.detector.detect(np.asarray(padded, np.uint8)), scale)


@dataclass(slots=True)
class Tally:
    """Heads of some pictures: asked for, found, found in the parts, found in both; false boxes."""

    asked: int = 0
    found: int = 0
    false: int = 0
    cut: int = 0
    both: int = 0

    def add(self, picture: GroupPicture, whole: list[Face], parts: list[Face]) -> None:
        """Count what was found in a picture, and in its parts."""
        found, asked, false = match(list(picture.heads), whole)
        self.asked += asked
        self.found += found
        self.false += false
        for box, ignored in picture.heads:
            if not ignored and _boxed(Box(*box), parts):
                self.cut += 1
                self.both += _boxed(Box(*box), whole)

    @property
    def share(self) -> Share:
        """Of the heads that are found cut apart, those found in the whole."""
        return Share(self.both, self.cut)

    @property
    def precision(self) -> Share:
        """Boxes that are heads."""
        return Share(self.found, self.found + self.false)


def figures(data: Path, *, chosen: bool) -> list[Figure]:
    """Return one half of the posts that show a head: those that rules were chosen with, or not."""
    return [
        Figure(read(data / "posts" / name), heads)
        for name, heads in read_boxes(BOXES).items()
        if any(not ignored for _, ignored in heads) and first_half(name) == chosen
    ]


def in_parts(detector: Detector, picture: GroupPicture) -> list[Face]:
    """Return the heads that are found in the parts of a picture, in its own pixels."""
    return [
        moved(face, part.x0, part.y0)
        for part in picture.parts
        for face in detector.detect(part.cut(picture.pixels))
    ]


def main(
    data: Data = DATA,
    chosen: Annotated[
        bool, typer.Option(help="Measure the half that rules were chosen with.")
    ] = False,
    timed: Annotated[bool, typer.Option(help="Also compare the time.")] = False,
    docs: Docs = None,
) -> None:
    """Print what is found in group pictures, before and now."""
    learned = LearnedDetector.load()
    one_look = LearnedDetector(learned.network, BEFORE)
    now, before = Halving(learned), AsBefore(one_look)
    posts = figures(data, chosen=chosen)
    sums = Tally(), Tally()
    rows: list[list[object]] = []
    for kind in KINDS:
        tallies, seconds = (Tally(), Tally()), []
        pictures = draw_pictures(posts, kind, ROUNDS)
        for picture in pictures:
            parts = in_parts(before, picture)
            started = time.perf_counter()
            whole = now.detect(picture.pixels)
            seconds.append(time.perf_counter() - started)
            for found, kept in ((before.detect(picture.pixels), 0), (whole, 1)):
                tallies[kept].add(picture, found, parts)
                sums[kept].add(picture, found, parts)
        rows.append(_row(kind, len(pictures), *tallies))
        if timed:
            rows[-1].append(f"{1000 * statistics.median(seconds):.0f}")
        print(rows[-1], file=sys.stderr, flush=True)
    rows.append([*_row("all", "", *sums), *[""] * timed])
    heading = ["kind", "pictures", "heads", "of those found cut apart: before", "now"]
    heading += ["precision: before", "now", *["ms"] * timed]
    lines = [f"{today()}, {machine()}", "", table(heading, rows), ""]
    if timed:
        single = [each.pixels for each in posts if len(each.heads) == 1]
        lines += [time_against(now, before, single), ""]
    text = "\n".join(lines)
    publish(text, docs, "groups")


def time_against(now: Detector, before: Detector, pictures: list[Pixels]) -> str:
    """Compare the time on pictures of one figure: the least of some turns for each picture."""
    least = {id(detector): [float("inf")] * len(pictures) for detector in (now, before)}
    for _ in range(REPEATS):
        for place, picture in enumerate(pictures):
            for detector in (before, now):
                started = time.perf_counter()
                detector.detect(picture)
                seconds = time.perf_counter() - started
                least[id(detector)][place] = min(least[id(detector)][place], seconds)
    new, old = (1000 * np.array(least[id(detector)]) for detector in (now, before))
    return (
        f"Time on the {len(pictures)} posts with one head: before a mean of {old.mean():.1f} ms, "
        f"now {new.mean():.1f} ms, {new.mean() / old.mean():.2f} times as much (medians "
        f"{np.median(old):.1f} and {np.median(new):.1f} ms; least of {REPEATS} turns a picture)."
    )


def _row(kind: str, pictures: object, before: Tally, now: Tally) -> list[object]:
    precision = (before.precision, now.precision)
    return [kind, pictures, now.asked, before.share, now.share, *precision]


def _boxed(head: Box, faces: list[Face]) -> bool:
    return any(iou(head, face.box) >= MATCH for face in faces)


def _enlarged(faces: list[Face], scale: float) -> list[Face]:
    return [replace(face, box=face.box.scaled(scale)) for face in faces]


if __name__ == "__main__":
    typer.run(main)
