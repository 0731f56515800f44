"""What the detectors find on hand-boxed posts and on the look-alikes' posts, and how fast.

    python -m benchmarks.detection [--data ../shared/data] [--run runs/held_out] [--timed]
                                   [--write docs/detection.md]
    python -m benchmarks.detection --choose [--weights FILE]
    python -m benchmarks.detection --rules [--write docs/detection.md]

Recall: hand-checked heads (`models/training/detector_test_boxes.csv`) that a box overlaps by an
IoU of 0.4 or more; precision: boxes that do so for some head, each head once. Boxes on regions
marked to be ignored count neither way. `--choose` tries weights, thresholds and rules on the posts
that are held back from the training for that, never on the test. `--rules` switches the learned
detector's rules off in turn. With `--run` a last row is of the whole bot: the learned detector,
without the boxes that the embedding of that run takes for no face. `--timed` needs an idle machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from benchmarks.boxes.tool import BOXES, TRAINING_BOXES, Marked, read_boxes
from benchmarks.options import DATA, Data
from benchmarks.statistics import machine, table, today, write_section
from models.detection.boxes import iou
from models.detection.cascade import CascadeDetector, Pass
from models.detection.learned import (
    CLOSE_PASS,
    FIRST,
    FIRST_PASS,
    FURTHER,
    SECOND_PASS,
    LearnedDetector,
    accepted,
    doubtful,
    fused,
)
from models.detection.registry import Detector
from models.identify import Identifier
from models.images.decoding import Picture, decode
from models.intervals import Share
from models.training.detector import HELD_BACK
from models.training.detector_data import read_files
from models.types import Box, Face, Pixels

MATCH = 0.4
IGNORED = 0.3
TIMED_SIDE = 1000
THRESHOLDS = (0.4, 0.44, 0.48, FURTHER, 0.54, 0.58)
SURE = (0.2, 0.4, FURTHER, 0.6, 0.7, 1.1)
"""Scores from which the first pass is enough; from the last it never is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found on a set of boxed pictures."""

    recall: Share
    precision: Share
    pictures: Share
    missed: tuple[str, ...]
    false: tuple[str, ...]


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


def match(heads: list[Marked], faces: list[Face]) -> tuple[int, int, int]:
    """Return heads found, heads asked for, and boxes that are no head; best overlap first."""
    wanted = [Box(*box) for box, ignored in heads if not ignored]
    ignored = [Box(*box) for box, skipped in heads if skipped]
    pairs = sorted(
        (
            (iou(head, face.box), h, f)
            for h, head in enumerate(wanted)
            for f, face in enumerate(faces)
        ),
        reverse=True,
    )
    taken_heads: set[int] = set()
    taken_faces: set[int] = set()
    for overlap, head, face in pairs:
        if overlap >= MATCH and head not in taken_heads and face not in taken_faces:
            taken_heads.add(head)
            taken_faces.add(face)
    false = [
        face
        for index, face in enumerate(faces)
        if index not in taken_faces and all(iou(face.box, box) < IGNORED for box in ignored)
    ]
    return len(taken_heads), len(wanted), len(false)


def measure(found: dict[str, list[Face]], boxes: dict[str, list[Marked]]) -> Found:
    """Compare what was found, by file, with the hand-checked boxes."""
    hits = asked = false = pictures = 0
    missed: list[str] = []
    alarms: list[str] = []
    for name, heads in boxes.items():
        right, wanted, wrong = match(heads, found[name])
        hits, asked, false = hits + right, asked + wanted, false + wrong
        pictures += right == wanted and not wrong
        if right < wanted:
            missed.append(name)
        if wrong:
            alarms.append(name)
    return Found(
        Share(hits, asked),
        Share(hits, hits + false),
        Share(pictures, len(boxes)),
        tuple(missed),
        tuple(alarms),
    )


def main(
    data: Data = DATA,
    write: Annotated[
        Path | None, typer.Option(help="Also put the figures into this document.")
    ] = None,
    choose: Annotated[
        bool, typer.Option(help="Try thresholds and rules on the posts that are held back.")
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
        print(_choices(learned, data))
        return
    if rules:
        text = _rules(learned, data)
        print(text)
        if write is not None:
            write_section(write, "rules", text)
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
    again = sum(doubtful(learned.candidates(post, FIRST_PASS)[0]) for post in posts.values())
    notes.append(f"- learned: a second pass over {Share(again, len(posts))} of the posts.")
    heading = ["detector", "recall", "precision", "posts without fault", "look-alikes"]
    heading += ["ms"] * timed
    text = "\n".join([f"{today()}, {machine()}", "", table(heading, rows), "", *notes, ""])
    print(text)
    if write is not None:
        write_section(write, "figures", text)


def read(path: Path) -> Pixels:
    """The first frame of a picture."""
    return decode(path.read_bytes(), path.name).frames[0]


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


@dataclass(frozen=True, slots=True)
class Rules:
    """The learned detector's rules.

    `sure`, `first`, `further`: scores from which the first pass, the best head and the others are
    accepted. `second`, `close`: whether there are these passes.
    """

    sure: float = FURTHER
    first: float = FIRST
    further: float = FURTHER
    second: bool = True
    close: bool = True


RULES: Final = {
    "as shipped": Rules(),
    "no second pass": Rules(second=False),
    "the second pass always": Rules(sure=1.1),
    f"the best head from {FURTHER} as the others": Rules(first=FURTHER),
    f"the others from {FIRST} as the best head": Rules(further=FIRST),
    "no close pass": Rules(close=False),
}


class Passes:
    """What the learned detector finds in pictures in each of its passes."""

    def __init__(self, detector: LearnedDetector, pictures: dict[str, Pixels]) -> None:
        self._first, self._second, self._close = (
            {name: detector.candidates(picture, scale) for name, picture in pictures.items()}
            for scale in (FIRST_PASS, SECOND_PASS, CLOSE_PASS)
        )

    def again(self, rules: Rules) -> set[str]:
        """Which pictures get a second pass."""
        return {
            name
            for name, first in self._first.items()
            if rules.second and doubtful(first[0], rules.sure)
        }

    def accepted(self, rules: Rules) -> dict[str, list[Face]]:
        """The heads that are found in each picture, as `LearnedDetector.detect` finds them."""
        again = self.again(rules)
        found: dict[str, list[Face]] = {}
        for name, first in self._first.items():
            passes = first + self._second[name] if name in again else first
            found[name] = accepted(fused(passes), rules.first, rules.further)
            if not found[name] and rules.close:
                found[name] = accepted(self._close[name][0], rules.further, rules.further)
        return found


def _choices(detector: LearnedDetector, data: Path) -> str:
    """Held-back posts: recall, precision and how many got a second pass.

    By the score from which the first pass is enough, and by the threshold for further heads.
    """
    marked = read_boxes(TRAINING_BOXES)
    boxes = {name: marked[name] for name in read_files(HELD_BACK)}
    passes = Passes(detector, {name: read(data / name) for name in boxes})
    rows: list[list[str]] = []
    for sure in SURE:
        for further in THRESHOLDS:
            rules = Rules(sure=sure, further=further)
            result = measure(passes.accepted(rules), boxes)
            again = f"{len(passes.again(rules))} of {len(boxes)}"
            rows.append(
                [f"{sure:.1f}", f"{further:.2f}", str(result.recall), str(result.precision), again]
            )
    return table(("sure from", "further from", "recall", "precision", "second pass"), rows)


def _rules(detector: LearnedDetector, data: Path) -> str:
    """The test's posts: recall, precision and posts without fault with each rule in turn."""
    boxes = read_boxes(BOXES)
    passes = Passes(detector, {name: read(data / "posts" / name) for name in boxes})
    rows: list[list[object]] = []
    for title, rules in RULES.items():
        result = measure(passes.accepted(rules), boxes)
        rows.append([title, result.recall, result.precision, result.pictures])
    heading = ["learned", "recall", "precision", "posts without fault"]
    return f"{today()}, {machine()}\n\n{table(heading, rows)}"


if __name__ == "__main__":
    typer.run(main)
