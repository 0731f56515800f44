"""`python -m sandbox.samples.drawing`: draw the shelf's pictures and write their files anew."""

from __future__ import annotations

import json
from pathlib import Path

from ..shelf import INDEX, PICTURES
from .pictures import FRAME_MS, Picture, pictures


def write(folder: Path = PICTURES) -> None:
    """Write every picture and their index into a folder."""
    folder.mkdir(exist_ok=True)
    index = []
    for picture in pictures():
        _save(picture, folder / picture.file)
        index.append(
            {
                "id": picture.id,
                "title": picture.title,
                "group": picture.group,
                "people": picture.people,
                "file": picture.file,
                "spoiler": picture.spoiler,
            }
        )
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in index)
    (folder / INDEX).write_text(f"[\n{lines}\n]\n")


def _save(picture: Picture, path: Path) -> None:
    first, *rest = picture.draw()
    if picture.animated:
        first.save(
            path, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=False
        )
    else:
        first.save(path, lossless=True, quality=100, method=6)


if __name__ == "__main__":
    write()
