"""How often the right name comes first in whole pictures, as they are posted in a chat.

    python -m benchmarks.posts --data ../shared/data --run runs/held_out [--docs FILE]

A post counts as right if its character is the best guess of one of its faces, at whatever
probability; "answered" posts are those where that guess also reaches the threshold, and "first"
those where the face whose name is surest has it. Posts whose face is a near-duplicate of a picture
that the run was trained on (perceptual hash of the crop, at the framings of `characters/`) are
counted apart, and so are those whose label is wrong; posts of characters that the run does not know
are not asked. Without `--run` it asks the shipped model, which was trained on all of them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.options import DATA, Data, Docs
from benchmarks.statistics import machine, table, today, write_section
from models.bulk import BulkNaming
from models.identify import MAX_FACES, Identifier
from models.images.crops import crop_face
from models.images.decoding import PictureLimits, decode
from models.images.hashing import perceptual_hash
from models.intervals import Share
from models.training.pipeline import SPLIT_FILE
from models.types import Box, NamedFace

FRAMINGS = (-0.08, 0.0, 0.1, 0.225, 0.3)
"""Margins around a head box at which `characters/` is cropped, about."""

DUPLICATE_BITS = 10

SOMEBODY_ELSE = frozenset({"annie/000.jpg", "nami/194.jpg", "vivi/298.jpg"})
"""Posts that don't show whom their folder names: all that the held-out model was not trained on
were looked at, whatever was said of them. Others may be wrong too."""


@dataclass(frozen=True)
class Answer:
    """What was said of one post."""

    file: str
    character: str
    faces: tuple[NamedFace, ...]
    trained: bool

    @property
    def found(self) -> bool:
        """Whether a face was found."""
        return bool(self.faces)

    @property
    def right(self) -> bool:
        """Whether one of the faces has the right best guess."""
        return any(face.best.character.id == self.character for face in self.faces)

    @property
    def answered(self) -> bool:
        """Whether that guess also reaches the threshold."""
        return any(
            face.best.character.id == self.character and not face.unknown for face in self.faces
        )

    @property
    def first(self) -> bool:
        """Whether the face whose name is surest has the right best guess."""
        surest = max(self.faces, key=lambda face: face.best.probability, default=None)
        return surest is not None and surest.best.character.id == self.character


def main(
    data: Data = DATA,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the held-out model; else the shipped model.")
    ] = None,
    docs: Docs = None,
) -> None:
    """Name the posts and print the shares and the failures."""
    naming = BulkNaming(Identifier.load(weights=run), PictureLimits(), MAX_FACES)
    hashes = _training_hashes(data, _trained_files(data, run))
    known = {character.id for character in naming.identifier.namer.gallery.characters}
    tables: list[str] = []
    for title, folder in (
        ("posts", data / "posts"),
        ("look-alikes' posts", data / "three_lookalikes" / "posts"),
    ):
        characters = {path.name for path in folder.iterdir()} & known
        files = [path for path in sorted(folder.glob("*/*")) if path.parent.name in characters]
        heads = _head_boxes(data / "posts.csv") if folder.name == "posts" else {}
        results = track(naming.name_all(files), f"Naming {title}", len(files))
        answers: list[Answer] = []
        for result in results:
            file = f"{result.file.parent.name}/{result.file.name}"
            boxes = [*heads.get(file, []), *(face.face.box for face in result.faces)]
            trained = _is_trained_on(result.file, boxes, hashes.get(result.file.parent.name))
            answers.append(Answer(file, result.file.parent.name, result.faces, trained))
        version = naming.identifier.model_version
        tables.append(f"{title} ({today()}, {machine()}, model {version}):\n\n{_summary(answers)}")
        print(f"\n{tables[-1]}\n\nNot named rightly:\n")
        print("\n".join(_failure(one) for one in answers if not one.right))
    if docs is not None:
        write_section(docs, "posts", "\n\n".join(tables))


def _summary(answers: Sequence[Answer]) -> str:
    groups = {
        "all": list(answers),
        "not trained on": [one for one in answers if not one.trained],
        "trained on": [one for one in answers if one.trained],
    }
    fair = [one for one in groups["not trained on"] if one.file not in SOMEBODY_ELSE]
    if len(fair) < len(groups["not trained on"]):
        groups["not trained on, and showing whom they should"] = fair
    head = ["", "face found", "right name", "surest face right", "right and above the threshold"]
    rows = [
        [
            title,
            *(
                Share(sum(map(test, group)), len(group))
                for test in (
                    lambda one: one.found,
                    lambda one: one.right,
                    lambda one: one.first,
                    lambda one: one.answered,
                )
            ),
        ]
        for title, group in groups.items()
    ]
    return table(head, rows)


def _failure(answer: Answer) -> str:
    said = [
        f"{face.best.character.id} {face.best.probability:.0%}{' (unknown)' * face.unknown}"
        for face in answer.faces
    ]
    return f"- {answer.file}{' (trained on)' * answer.trained}: {', '.join(said) or 'no face'}"


def _trained_files(data: Path, run: Path | None) -> list[Path]:
    """The pictures of faces that a run, or the shipped model, was trained on."""
    if run is None:
        return sorted((data / "characters").glob("*/*.jpg"))
    files = json.loads((run / SPLIT_FILE).read_text(encoding="utf-8"))["train"]
    return [data / file for file in files if file.startswith(("characters/", "three_lookalikes/"))]


def _training_hashes(data: Path, files: Sequence[Path]) -> dict[str, NDArray[np.uint64]]:
    """Return the perceptual hashes of each character's training pictures."""
    hashes: dict[str, list[int]] = {}
    for path in track(files, f"Hashing {data}"):
        pixels = decode(path.read_bytes(), path.name).frames[0]
        hashes.setdefault(path.parent.name, []).append(int(perceptual_hash(pixels), 16))
    return {name: np.array(values, np.uint64) for name, values in hashes.items()}


def _is_trained_on(file: Path, boxes: Sequence[Box], known: NDArray[np.uint64] | None) -> bool:
    if known is None:
        return False
    frame = decode(file.read_bytes(), file.name).frames[0]
    for box in boxes:
        for margin in FRAMINGS:
            crop = crop_face(frame, box, 128, margin)
            code = np.uint64(int(perceptual_hash(crop), 16))
            if int(np.bitwise_count(known ^ code).min()) <= DUPLICATE_BITS:
                return True
    return False


def _head_boxes(path: Path) -> dict[str, list[Box]]:
    """Read another detector's boxes, from which crops in `characters/` may have been made."""
    with path.open(newline="", encoding="utf-8") as file:
        return {
            name: [Box(*map(float, box.split(",")[:4])) for box in boxes.split()]
            for name, _, _, boxes in list(csv.reader(file))[1:]
        }


if __name__ == "__main__":
    typer.run(main)
