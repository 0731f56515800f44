"""The learned detector's rules: each switched off in turn, and its scores on held-back posts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from benchmarks.boxes.tool import BOXES, TRAINING_BOXES, read_boxes
from benchmarks.found_heads import first_half, measure, read
from benchmarks.statistics import machine, table, today
from models.detection.learned import LearnedDetector
from models.detection.rules import FIRST_PASS, RULES, Pass, Rules, Scale
from models.training.detector.data import read_files
from models.training.detector.training import VALIDATION

if TYPE_CHECKING:
    from pathlib import Path

    from models.types import Face, Pixels

THRESHOLDS = (0.4, 0.44, 0.48, RULES.further, 0.54, 0.58)
SURE = (0.2, 0.4, RULES.sure, 0.6, 0.7, 1.1)
"""Scores from which the first pass is enough; from the last it never is."""

NEVER: Final = 2.0
"""A score that nothing reaches."""

BEFORE: Final = replace(RULES, maybe=NEVER, small=0, fine=0, weighed=False, pale=False)
"""Those until November 2026: no closer look where something was found."""

IN_TURN: Final = {
    "as shipped": RULES,
    "the second pass never": replace(RULES, sure=0),
    "the second pass always": replace(RULES, sure=NEVER),
    f"the best head from {RULES.further} as the others": replace(RULES, first=RULES.further),
    f"the others from {RULES.first} as the best head": replace(
        RULES, further=RULES.first, in_group=RULES.first
    ),
    "no closer look where something is found": replace(RULES, maybe=NEVER, small=0),
    "as before the closer look": BEFORE,
    "all passes weigh the same": replace(RULES, weighed=False),
    "pale pictures only as they are": replace(RULES, pale=False),
}


class Remembered(LearnedDetector):
    """A detector that makes each pass over a picture once, whatever rules it follows."""

    def __init__(self, detector: LearnedDetector, rules: Rules = RULES) -> None:
        super().__init__(detector.network, rules)
        self._passes: dict[tuple[int, Scale], list[Pass]] = {}

    def candidates(self, picture: Pixels, scale: Scale) -> list[Pass]:
        """Return what the pass found. The picture must stay in memory."""
        key = id(picture), scale
        if key not in self._passes:
            self._passes[key] = super().candidates(picture, scale)
        return list(self._passes[key])

    def by(self, rules: Rules, pictures: dict[str, Pixels]) -> dict[str, list[Face]]:
        """Return what is found in each picture by these rules."""
        self.rules = rules
        return {name: self.detect(picture) for name, picture in pictures.items()}

    def doubted(self, rules: Rules, pictures: dict[str, Pixels]) -> int:
        """Return how many pictures get a second pass by these rules."""
        firsts = (self.candidates(picture, FIRST_PASS) for picture in pictures.values())
        return sum(rules.doubtful(rules.fused(first)) for first in firsts)


def choices(detector: LearnedDetector, data: Path) -> str:
    """Held-back posts: recall, precision and how many got a second pass.

    By the score from which the first pass is enough, and by the threshold for further heads.
    """
    marked = read_boxes(TRAINING_BOXES)
    boxes = {name: marked[name] for name in read_files(VALIDATION)}
    pictures = {name: read(data / name) for name in boxes}
    remembered = Remembered(detector)
    rows: list[list[str]] = []
    for sure in SURE:
        for further in THRESHOLDS:
            rules = replace(RULES, sure=sure, further=further)
            result = measure(remembered.by(rules, pictures), boxes)
            again = f"{remembered.doubted(rules, pictures)} of {len(boxes)}"
            rows.append(
                [f"{sure:.1f}", f"{further:.2f}", str(result.recall), str(result.precision), again]
            )
    return table(("sure from", "further from", "recall", "precision", "second pass"), rows)


def rules_in_turn(detector: LearnedDetector, data: Path) -> str:
    """The test's posts: recall, precision and posts without fault with each rule in turn.

    The last two columns are of the half of the posts that nothing was chosen with.
    """
    boxes = read_boxes(BOXES)
    pictures = {name: read(data / "posts" / name) for name in boxes}
    remembered = Remembered(detector)
    reporting = {name: marked for name, marked in boxes.items() if not first_half(name)}
    rows: list[list[object]] = []
    for title, rules in IN_TURN.items():
        found = remembered.by(rules, pictures)
        every, half = measure(found, boxes), measure(found, reporting)
        rows.append([title, every.recall, every.precision, every.pictures])
        rows[-1] += [half.recall, half.precision]
    heading = ["learned", "recall", "precision", "posts without fault"]
    heading += ["recall, reporting half", "precision, reporting half"]
    return f"{today()}, {machine()}\n\n{table(heading, rows)}"
