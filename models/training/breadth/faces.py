"""Every labelled face of the data folder, decoded once and mapped into memory.

`characters/`, `portraits/` and `varied/` name their characters by the ids of the roster: the same
id is the same character, whoever drew it. `icons/` of a character of the roster's Arknights joins
it; other icons are classes of their own. Stickers are left out: their short names are also those of
other characters of the roster. `three_lookalikes/train_96px/` are tight crops of three of
`characters/`.
"""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Pixels

CACHED_SIDE: Final = 160
"""Faces are kept at most this large, in pixels of the longer side."""

FOLDERS: Final = ("characters", "portraits", "varied", "icons", "three_lookalikes/train_96px")
FURTHER: Final = ("portraits", "varied")
"""Folders of further characters: `moedex train gallery` enrols them, other trainings don't."""
ICONS_SERIES: Final = "Arknights"


@dataclass(frozen=True, slots=True)
class Face:
    """One picture of one identity.

    `file`: below the data folder. `identity`: an id of the roster, or `icon/` and a name. `source`:
    where the picture comes from, which stands for its style. `phash`: 64 bits.
    """

    file: str
    identity: str
    source: str
    phash: int

    @property
    def folder(self) -> str:
        """The folder of the data folder that it lies in."""
        return self.file.split("/")[0]


@dataclass(frozen=True, slots=True)
class RosterRow:
    """What the split and the prior need of a line of `roster.csv`."""

    identity: str
    series: str
    appearances: int


def read_roster(root: Path) -> dict[str, RosterRow]:
    """Read `roster.csv` of the data folder, by id."""
    with (root / "roster.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["id"]: RosterRow(row["id"], row["series"], int(row["appearances"] or 0))
            for row in csv.DictReader(file)
        }


def has_further(root: Path) -> bool:
    """Return whether a data folder has characters that only `moedex train gallery` enrols."""
    return any((root / name).is_dir() for name in FURTHER)


class FaceSet:
    """Faces and their pixels, (height, width, 3) uint8 RGB each; the pixels stay on disk."""

    def __init__(
        self, faces: Sequence[Face], places: NDArray[np.int64], pixels: NDArray[np.uint8]
    ) -> None:
        self.faces = tuple(faces)
        self._places = places
        self._pixels = pixels

    def __len__(self) -> int:
        return len(self.faces)

    def picture(self, index: int) -> Pixels:
        """The pixels of face `index`; read only."""
        start, height, width = (int(v) for v in self._places[index])
        return self._pixels[start : start + height * width * 3].reshape(height, width, 3)


def load_faces(root: Path, cache: Path) -> FaceSet:
    """Load the faces from `cache`, a folder; read them from `root` first where it has none."""
    index = cache / "faces.json"
    if not index.is_file():
        _decode(root, cache)
    rows = json.loads(index.read_text(encoding="utf-8"))
    places = np.load(cache / "places.npy")
    pixels = np.memmap(cache / "pixels.bin", np.uint8, "r")
    return FaceSet([Face(**row) for row in rows], places, pixels)


def _decode(root: Path, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    faces: list[Face] = []
    places: list[tuple[int, int, int]] = []
    start = 0
    with ThreadPoolExecutor(2) as pool, (cache / "pixels.bin").open("wb") as out:
        listed = list(_listed(root))
        read = pool.map(lambda item: _read(root / item[0]), listed)
        for (file, identity, source), found in zip(listed, read, strict=True):
            if found is None:
                continue
            pixels, phash = found
            out.write(pixels.tobytes())
            places.append((start, *pixels.shape[:2]))
            start += pixels.size
            faces.append(Face(file, identity, source, phash))
    np.save(cache / "places.npy", np.array(places, np.int64))
    unfinished = cache / "faces.json.part"
    unfinished.write_text(json.dumps([asdict(face) for face in faces]), encoding="utf-8")
    unfinished.replace(cache / "faces.json")


def _listed(root: Path) -> Iterator[tuple[str, str, str]]:
    roster = read_roster(root)
    sources = _column(root / "faces.csv", "source", "")
    sources |= _column(root / "pictures.csv", "source", "characters/")
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*/*")):
            name, file = path.parent.name, path.relative_to(root).as_posix()
            if folder == "icons" and not (name in roster and roster[name].series == ICONS_SERIES):
                name = f"icon/{name}"
            yield file, name, sources.get(file, folder.split("/")[0])


def _column(path: Path, column: str, prefix: str) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {prefix + row["file"]: row[column] for row in csv.DictReader(file)}


def _read(path: Path) -> tuple[Pixels, int] | None:
    """Pixels and their perceptual hash; None where the file is no picture."""
    # Machines that only train from a pack may lack what decodes.
    from models.training.dataset import read_sample

    read = read_sample(path, CACHED_SIDE)
    return None if isinstance(read, str) else read
