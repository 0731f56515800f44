"""Compares the heads that a detector found with those that were boxed by hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.detection.boxes import iou
from models.images.decoding import decode
from models.intervals import Share
from models.types import Box

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.boxes.tool import Marked
    from models.types import Face, Pixels

MATCH = 0.4
"""Overlap (intersection over union) from which a box counts as on a head."""
IGNORED = 0.3
"""Overlap from which one is on a region that is marked to be ignored."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found on a set of boxed pictures."""

    recall: Share
    precision: Share
    pictures: Share
    missed: tuple[str, ...]
    false: tuple[str, ...]


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


def first_half(name: str) -> bool:
    """Tell whether a post is of the half that rules are chosen with; the other half reports."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0


def read(path: Path) -> Pixels:
    """The first frame of a picture."""
    return decode(path.read_bytes(), path.name).frames[0]
