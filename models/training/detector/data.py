"""Training pictures for the detector: real posts and drawn-together ones, with known head boxes.

Three kinds are mixed. *Posts*: whole pictures with boxes, re-framed at all scales and turned.
*Panels*: character crops side by side as on a comic page, in a collage or alone as a close picture;
where the head lies in a crop is known for each source (`FRAMING`). *Pasted*: crops with a soft
elliptic border set on whole pictures. All are then recoloured, greyed, blurred and re-compressed.

Crops that show the same picture as a post of the test are left out, with their near-duplicates. So
are, in the runs that thresholds and rules are chosen with, the validation posts.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.images.decoding import PictureError, decode
from models.training.dataset import ONE_FRAME, DatasetError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Pixels

    Heads = NDArray[np.float32]
    """Head boxes: (n, 3) float32, centre x, centre y, side, in pixels."""

FRAMING: Final[Mapping[str, tuple[float, float, float]]] = {
    "danbooru fan art": (0.5, 0.47, 1.12),
    "genshin fan art A": (0.5, 0.45, 0.70),
    "genshin fan art B": (0.5, 0.45, 0.70),
    "new game fan art": (0.5, 0.45, 0.95),
    "hololive fan art": (0.5, 0.47, 1.05),
    "wallpapers and screenshots (noisy labels)": (0.5, 0.45, 0.70),
    "three look-alikes": (0.5, 0.45, 0.70),
    "icons": (0.5, 0.42, 0.85),
    "stickers": (0.5, 0.44, 0.95),
}
"""Where the head lies in a crop: centre x, centre y and side, in parts of the crop's sides. Judged
by eye on a montage of each source. Sources that are missing here vary too much to be used."""

WIDE: Final = 0.8
"""Crops whose head takes less than this part show enough around it to stand as a picture."""

SEVERAL: Final = 3
"""How much sooner a post with several heads is drawn."""

CROP_SIDE: Final = 200
POST_SIDE: Final = 720
SAME_PICTURE: Final = 0.75
"""Correlation of two grey 32 px thumbnails above which a crop shows a post of the test."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, (height, width, 3) uint8 RGB, the heads in it, (n, 3) float32, and its file."""

    pixels: Pixels
    heads: Heads
    file: str = ""


@dataclass
class DetectorPictures:
    """What training draws from; see `load_pictures`. `validation`: files that choose."""

    posts: list[Labelled] = field(default_factory=list)
    wide: list[Labelled] = field(default_factory=list)
    tight: list[Labelled] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    validation: set[str] = field(default_factory=set)

    def trusted(self) -> DetectorPictures:
        """Return the pictures without those of the validation."""
        posts, wide, tight = (
            [item for item in kind if item.file not in self.validation]
            for kind in (self.posts, self.wide, self.tight)
        )
        return DetectorPictures(posts, wide, tight)

    @cached_property
    def post_chances(self) -> NDArray[np.float64]:
        """The chance of each post to be drawn.

        More where there are several heads, as few posts have them; less in a folder of many, as
        three look-alikes' posts are more than all others.
        """
        folders = [item.file.rsplit("/", 1)[0] for item in self.posts]
        crowds = Counter(folders)
        chances = np.array(
            [
                (SEVERAL if len(item.heads) > 1 else 1) / np.sqrt(crowds[folder])
                for item, folder in zip(self.posts, folders, strict=True)
            ]
        )
        return chances / chances.sum()


def read_rgb(path: Path, longest: int) -> tuple[Pixels, float] | None:
    """Read a picture, shrunk to `longest` pixels; return it and the scale, None if unreadable."""
    try:
        (picture,) = decode(path.read_bytes(), path.name, ONE_FRAME).frames
    except (OSError, PictureError):
        return None
    scale = min(1.0, longest / max(picture.shape[:2]))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8), scale


def read_box_file(path: Path) -> dict[str, Heads]:
    """Read a CSV of hand-checked boxes (file, x0, y0, x1, y1; empty where there is no head)."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            heads = rows.setdefault(row["file"], [])
            if row["x0"]:
                x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
                heads.append(((x0 + x1) / 2, (y0 + y1) / 2, ((x1 - x0) + (y1 - y0)) / 2))
    return {name: np.array(heads, np.float32).reshape(-1, 3) for name, heads in rows.items()}


def read_files(path: Path) -> list[str]:
    """Read the column `file` of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row["file"] for row in csv.DictReader(file)]


def load_pictures(
    data: Path,
    boxes: Mapping[str, Heads],
    test_boxes: Mapping[str, Heads],
    validation: Collection[str] = (),
) -> DetectorPictures:
    """Load everything that training draws from.

    `boxes` maps files below `data` (`posts/annie/000.jpg`) to heads in the picture's pixels;
    `test_boxes` does the same for the test, whose pictures, and the crops that show them, are left
    out. Those of `validation`, files of `boxes`, are loaded and marked with the crops that show
    them. Files that can't be read are listed in `skipped`.

    Raises DatasetError: there is nothing to learn from.
    """
    found = DetectorPictures()
    for name, heads in sorted(boxes.items()):
        if name in test_boxes:
            continue
        if (read := read_rgb(data / name, POST_SIDE)) is None:
            found.skipped.append(name)
            continue
        found.posts.append(Labelled(read[0], heads * np.float32(read[1]), name))
    crops = _crop_files(data)
    shown = _crops_that_show(data, test_boxes, crops)
    choosing = {name: boxes[name] for name in validation if name in boxes}
    found.validation = {*choosing, *_crops_that_show(data, choosing, crops)}
    for name, source in crops:
        if name in shown:
            continue
        if (read := read_rgb(data / name, CROP_SIDE)) is None:
            found.skipped.append(name)
            continue
        height, width = read[0].shape[:2]
        x, y, side = FRAMING[source]
        heads = np.array([[x * width, y * height, side * min(height, width)]], np.float32)
        (found.wide if side < WIDE else found.tight).append(Labelled(read[0], heads, name))
    if not (found.tight and found.wide):
        raise DatasetError(
            f"{data} has too few pictures to train a detector: it needs crops that its "
            "pictures.csv lists, close ones and wide ones, and posts"
        )
    return found


def _crop_files(data: Path) -> list[tuple[str, str]]:
    """Return (file, source) of all usable crops below `data`."""
    files = [
        (f"{folder}/{path.parent.name}/{path.name}", folder)
        for folder in ("icons", "stickers")
        for path in sorted((data / folder).glob("*/*.jpg"))
    ]
    files += [
        (f"characters/{row['file']}", row["source"])
        for row in _picture_rows(data)
        if row["source"] in FRAMING
    ]
    return files


def _picture_rows(data: Path) -> list[dict[str, str]]:
    """Return the rows of `pictures.csv` (file, near_duplicate_group, source), if there is one."""
    if not (data / "pictures.csv").is_file():
        return []
    with (data / "pictures.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _thumbnail(picture: Pixels) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    return small.ravel() / max(float(np.linalg.norm(small)), 1e-6)


def _crops_that_show(
    data: Path, test_boxes: Mapping[str, Heads], crops: Collection[tuple[str, str]]
) -> set[str]:
    """Return the crops that show a held-out post, with all crops of their duplicate groups."""
    shown: set[str] = set()
    folders = {name.split("/")[-2] for name in test_boxes}
    files = [name for name, _ in crops if name.split("/")[1] in folders]
    reads = {name: read for name in files if (read := read_rgb(data / name, CROP_SIDE))}
    thumbs = {name: _thumbnail(read[0]) for name, read in reads.items()}
    bank = np.stack(list(thumbs.values())) if thumbs else np.zeros((0, 32 * 32), np.float32)
    for post, heads in test_boxes.items():
        if (read := read_rgb(data / post, POST_SIDE)) is None:
            continue
        for window in _windows(read[0], heads * np.float32(read[1])):
            match = bank @ _thumbnail(window)
            shown.update(np.array(list(thumbs))[match > SAME_PICTURE].tolist())
    group = {f"characters/{r['file']}": r["near_duplicate_group"] for r in _picture_rows(data)}
    groups = {group[name] for name in shown if name in group}
    return shown | {name for name, of in group.items() if of in groups}


def _windows(picture: Pixels, heads: Heads) -> list[Pixels]:
    """Return the framings in which a crop may show this post: around each head, and the whole."""
    windows = [picture]
    padded = cv2.copyMakeBorder(picture, 400, 400, 400, 400, cv2.BORDER_REFLECT_101)
    for x, y, side in heads:
        for factor in (1.0, 1.25, 1.45, 1.7):
            for shift in (-0.06, 0.04, 0.12):
                half = side * factor / 2
                left, top = int(x - half) + 400, int(y + shift * side - half) + 400
                window = padded[
                    max(top, 0) : top + int(2 * half), max(left, 0) : left + int(2 * half)
                ]
                if min(window.shape[:2]) >= 8:
                    windows.append(np.asarray(window, np.uint8))
    return windows
