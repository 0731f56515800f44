"""Choose, look at and write the hand-checked head boxes that the detectors are tested on.

Three steps, each a command of `python -m benchmarks.boxes.tool`:

- `choose DATA` prints the 120 posts of the test, a fixed share of every folder of `DATA/posts`;
- `sheets DATA OUT` draws contact sheets: every picture with a pixel grid and its candidate boxes,
  numbered, so that a person can say which of them hold and where others belong;
- `apply DATA` reads what that person decided (`edits.txt`) and writes
  `models/training/detector/test_boxes.csv`; from `training_edits.txt` it writes the
  boxes that train the detector.

README.md beside this file gives the conventions and the format of `edits.txt`.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

HERE = Path(__file__).parent
EDITS = HERE / "edits.txt"
TRAINING = HERE.parents[1] / "models" / "training"
BOXES = TRAINING / "detector" / "test_boxes.csv"
TRAINING_EDITS = HERE / "training_edits.txt"
TRAINING_BOXES = TRAINING / "detector" / "boxes.csv"
CHOSEN = 120
SHEET_COLUMNS, SHEET_ROWS = 3, 2
CELL = 640
GRID_LINES = 10

app = typer.Typer(add_completion=False, help=__doc__)

UPWARD = 0.08
"""The proposals lie this part of their side too low: they take in the neck, not all of the hair."""

Square = tuple[float, float, float, float]
Marked = tuple[Square, bool]
"""A box and whether it is only to be ignored."""
Data = Annotated[Path, typer.Argument(help="The data folder with posts/ and posts.csv.")]


def choose(data: Path, count: int = CHOSEN) -> list[str]:
    """Return `count` posts (`folder/name.jpg`), the same share of each folder, by file-name hash.

    No two posts are near-duplicates of each other (perceptual hash, 144 bits, distance over 40),
    so every post is a group of its own.
    """
    folders: dict[str, list[str]] = {}
    for path in sorted((data / "posts").glob("*/*.jpg")):
        folders.setdefault(path.parent.name, []).append(f"{path.parent.name}/{path.name}")
    total = sum(map(len, folders.values()))
    shares = {folder: count * len(files) / total for folder, files in folders.items()}
    taken = {folder: int(share) for folder, share in shares.items()}
    by_remainder = sorted(shares, key=lambda folder: (taken[folder] - shares[folder], folder))
    for folder in by_remainder[: count - sum(taken.values())]:
        taken[folder] += 1
    chosen: list[str] = []
    for folder, files in folders.items():
        files.sort(key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        chosen += files[: taken[folder]]
    return sorted(chosen)


def candidates(data: Path) -> dict[str, list[Square]]:
    """Return the boxes of `DATA/posts.csv` by file, squared (side: the mean side), moved up."""
    found: dict[str, list[Square]] = {}
    with (data / "posts.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for name, _, _, boxes in rows:
            found[name] = []
            for text in boxes.split():
                x0, y0, x1, y1, _ = map(float, text.split(","))
                half = (x1 - x0 + y1 - y0) / 4
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
                y -= 2 * half * UPWARD
                found[name].append((x - half, y - half, x + half, y + half))
    return found


def read_boxes(path: Path = BOXES) -> dict[str, list[Marked]]:
    """Return the hand-checked boxes by file; an empty list where no head shows."""
    boxes: dict[str, list[Marked]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            heads = boxes.setdefault(row["file"], [])
            if row["x0"]:
                x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
                heads.append(((x0, y0, x1, y1), row["ignore"] == "1"))
    return boxes


def read_edits(path: Path, proposed: dict[str, list[Square]]) -> dict[str, list[Marked]]:
    """Turn decisions into boxes; raise ValueError naming a line that can't be understood."""
    boxes: dict[str, list[Marked]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        name, _, words = text.partition(":")
        try:
            heads: list[Marked] = []
            for word in words.split():
                if "," in word:
                    x, y, side = map(float, word.removeprefix("?").split(","))
                    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
                else:
                    box = proposed[name.strip()][int(word.removeprefix("?"))]
                heads.append((box, word.startswith("?")))
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"{path.name}, line {number}: {line!r}: {error}") from error
        boxes[name.strip()] = heads
    return boxes


def draw(data: Path, name: str, boxes: list[Marked]) -> np.ndarray:
    """Return a CELL x CELL BGR drawing of a post with a pixel grid and numbered boxes."""
    picture = cv2.imread(str(data / "posts" / name))
    if picture is None:
        raise ValueError(f"{name} can't be read as a picture")
    height, width = picture.shape[:2]
    scale = (CELL - 40) / max(height, width)
    cell = np.full((CELL, CELL, 3), 255, np.uint8)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cell[36 : 36 + small.shape[0], 36 : 36 + small.shape[1]] = small
    step = max(20, round(max(height, width) / GRID_LINES / 20) * 20)

    def write(text: str, x: float, y: float, size: float, colour: tuple[int, int, int]) -> None:
        place = (int(x), int(y))
        cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 4)
        cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

    overlay = cell.copy()
    for x in range(0, width, step):
        cv2.line(overlay, (int(36 + x * scale), 36), (int(36 + x * scale), CELL), (0, 255, 255), 1)
    for y in range(0, height, step):
        cv2.line(overlay, (36, int(36 + y * scale)), (CELL, int(36 + y * scale)), (0, 255, 255), 1)
    cell = cv2.addWeighted(overlay, 0.45, cell, 0.55, 0)
    for x in range(0, width, step):
        write(str(x), 36 + x * scale - 8, 33, 0.36, (0, 0, 0))
    for y in range(0, height, step):
        write(str(y), 0, 36 + y * scale + 4, 0.36, (0, 0, 0))
    write(f"{name} {width}x{height}", 4, 16, 0.5, (160, 0, 0))
    for index, (box, ignored) in enumerate(boxes):
        corners = [int(36 + value * scale) for value in box]
        colour = (160, 160, 160) if ignored else (0, 0, 255)
        cv2.rectangle(cell, tuple(corners[:2]), tuple(corners[2:]), colour, 2)
        write(str(index), max(corners[0] + 4, 40), max(corners[1] + 20, 56), 0.7, (0, 0, 255))
    return cell


@app.command("choose")
def choose_command(data: Data) -> None:
    """Print the posts that are boxed by hand."""
    typer.echo("\n".join(choose(data)))


@app.command("sheets")
def sheets_command(
    data: Data,
    out: Annotated[Path, typer.Argument(help="Where the sheets are written; never committed.")],
    checked: Annotated[
        bool, typer.Option(help="Draw the checked boxes instead of proposals.")
    ] = False,
) -> None:
    """Draw contact sheets with numbered boxes."""
    proposed = {name: [(box, False) for box in boxes] for name, boxes in candidates(data).items()}
    boxes = read_boxes() if checked else proposed
    chosen = choose(data)
    out.mkdir(parents=True, exist_ok=True)
    per_sheet = SHEET_COLUMNS * SHEET_ROWS
    for start in range(0, len(chosen), per_sheet):
        cells = [draw(data, name, boxes[name]) for name in chosen[start : start + per_sheet]]
        cells += [np.full((CELL, CELL, 3), 255, np.uint8)] * (per_sheet - len(cells))
        rows = [
            np.hstack(cells[row * SHEET_COLUMNS : (row + 1) * SHEET_COLUMNS])
            for row in range(SHEET_ROWS)
        ]
        cv2.imwrite(str(out / f"sheet_{start // per_sheet:02d}.png"), np.vstack(rows))


@app.command("apply")
def apply_command(data: Data) -> None:
    """Write both files of boxes; every chosen post needs a line in edits.txt."""
    proposed = candidates(data)
    boxes = read_edits(EDITS, proposed)
    chosen = choose(data)
    if missing := sorted(set(chosen) - boxes.keys()):
        raise typer.BadParameter(f"edits.txt says nothing about {', '.join(missing)}")
    write_boxes(BOXES, {name: boxes[name] for name in chosen})
    below_data = {f"posts/{name}": squares for name, squares in proposed.items()}
    training = read_edits(TRAINING_EDITS, below_data)
    if leaked := sorted(f"posts/{name}" for name in chosen if f"posts/{name}" in training):
        raise typer.BadParameter(f"these belong to the test: {', '.join(leaked)}")
    write_boxes(TRAINING_BOXES, training)


def write_boxes(path: Path, boxes: dict[str, list[Marked]]) -> None:
    """Write boxes as CSV: file, x0, y0, x1, y1, ignore."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "x0", "y0", "x1", "y1", "ignore"])
        for name, heads in boxes.items():
            for box, ignored in heads:
                rows.writerow([name, *(f"{value:.1f}" for value in box), int(ignored)])
            if not heads:
                rows.writerow([name, "", "", "", "", ""])


if __name__ == "__main__":
    app()
