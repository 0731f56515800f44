"""The shelf of sample pictures: invented characters, then the pictures of a folder of one's own.

Nobody who tries the sandbox needs a picture at hand: `load_samples` offers pictures of characters
that exist nowhere else, several of each, so that faces are found and *unknown* is said; and, with
learning switched on, one picture teaches what the others then show. The files in `pictures/` are
drawn by `sandbox.samples.drawing`; `python -m sandbox.samples.drawing` writes them anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

PICTURES = Path(__file__).resolve().parent / "pictures"
INDEX = "index.json"
"""The file in `PICTURES` that lists the others, with their titles."""

FOLDER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".apng", ".avif"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of the shelf. `filename` begins with `SPOILER_` where it should be posted hidden.

    `id` consists of letters, digits and `-`; `people` is how many faces a drawn sample shows, and
    None where that isn't known.
    """

    id: str
    title: str
    group: str
    filename: str
    people: int | None
    path: Path

    def read(self) -> bytes:
        """Return the picture's bytes; OSError where its file can't be read any more."""
        return self.path.read_bytes()


def load_samples(folder: Path | None = None) -> list[Sample]:
    """Return the drawn samples, then the picture files of `folder`, its subfolders included.

    Raises:
        NotADirectoryError: `folder` is no folder.

    """
    samples = [_drawn(**entry) for entry in json.loads((PICTURES / INDEX).read_text())]
    if folder is None:
        return samples
    if not folder.is_dir():
        raise NotADirectoryError(f"The folder of samples {folder} is not there, or is no folder.")
    files = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in FOLDER_SUFFIXES and p.is_file()
    )
    for number, path in enumerate(files):
        group = folder.name if path.parent == folder else str(path.parent.relative_to(folder))
        samples.append(Sample(f"own-{number}", path.stem, group, path.name, None, path))
    return samples


def cast(samples: list[Sample]) -> dict[str, list[Sample]]:
    """Return the pictures of each drawn character, by name, in the shelf's order."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.people == 1 and sample.title.startswith(sample.group):
            found.setdefault(sample.group, []).append(sample)
    return found


def _drawn(*, id: str, title: str, group: str, people: int, file: str, spoiler: bool) -> Sample:  # noqa: A002 - a key of the index
    filename = f"SPOILER_{file}" if spoiler else file
    return Sample(id, title, group, filename, people, PICTURES / file)
