"""The learned detector's rules: each switched off in turn, and its scores on held-back posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.boxes.tool import BOXES, TRAINING_BOXES, read_boxes
from benchmarks.found_heads import measure, read
from benchmarks.statistics import machine, table, today
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
from models.training.detector.data import read_files
from models.training.detector.training import VALIDATION

if TYPE_CHECKING:
    from pathlib import Path

    from models.types import Face, Pixels

THRESHOLDS = (0.4, 0.44, 0.48, FURTHER, 0.54, 0.58)
SURE = (0.2, 0.4, FURTHER, 0.6, 0.7, 1.1)
"""Scores from which the first pass is enough; from the last it never is."""


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


def choices(detector: LearnedDetector, data: Path) -> str:
    """Held-back posts: recall, precision and how many got a second pass.

    By the score from which the first pass is enough, and by the threshold for further heads.
    """
    marked = read_boxes(TRAINING_BOXES)
    boxes = {name: marked[name] for name in read_files(VALIDATION)}
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


def rules_in_turn(detector: LearnedDetector, data: Path) -> str:
    """The test's posts: recall, precision and posts without fault with each rule in turn."""
    boxes = read_boxes(BOXES)
    passes = Passes(detector, {name: read(data / "posts" / name) for name in boxes})
    rows: list[list[object]] = []
    for title, rules in RULES.items():
        result = measure(passes.accepted(rules), boxes)
        rows.append([title, result.recall, result.precision, result.pictures])
    heading = ["learned", "recall", "precision", "posts without fault"]
    return f"{today()}, {machine()}\n\n{table(heading, rows)}"
