"""Feeds a reader with files that libFuzzer makes, and ends at the first that it isn't ready for.

    python -m tests.fuzz.reader decoder|pack CORPUS -max_total_time=300

`CORPUS` is a folder: it gets sound files to begin with, and what was found to go another way.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris
import numpy as np
from atheris.import_hook import instrument_imports
from safetensors.numpy import save

with instrument_imports(include=["models", "PIL", "safetensors", "pydantic"]):
    from models.gallery.packs import PackError, read_pack
    from models.images.decoding import PictureError, PictureLimits, decode
from tests.models.drawn import encoded, halves
from tests.models.images import damage, hostile

LIMITS = PictureLimits(max_bytes=2**20, max_pixels=200_000, max_animation_pixels=1_000_000)
"""So small that no file takes long."""


def read_picture(data: bytes) -> None:
    """Decode a picture, or be told why not."""
    try:
        picture = decode(data, "fuzz", LIMITS)
    except PictureError as refused:
        if "fuzz" not in refused.message:
            raise ValueError(refused.message) from refused
        return
    for frame in picture.frames:
        assert frame.dtype == np.uint8
        assert frame.shape == (picture.height, picture.width, 3)


def read_any_pack(data: bytes) -> None:
    """Read a pack, or be told why not."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            pack = read_pack(Path(file.name))
        except PackError:
            return
    assert len(pack.owners) == len(pack.vectors)
    assert all(owner < len(pack.characters) for owner in pack.owners)


def _pictures() -> Iterator[bytes]:
    for _, data in (*damage.pngs(), *damage.jpegs(), *damage.webps()):
        if len(data) < 2**14:
            yield data
    moving = [halves(8, 8), halves(8, 8).rotate(90)]
    for kind in ("GIF", "PNG", "WEBP", "BMP", "AVIF"):
        yield encoded(halves(16, 16), kind)
        if kind != "BMP":
            yield encoded(moving[0], kind, save_all=True, append_images=moving[1:])
    yield hostile.gif((1, 1), (9, 9))
    yield hostile.many_png_frames(5)


def _packs() -> Iterator[bytes]:
    about = {
        "format": 1, "backbone": "b", "provenance": "a test",
        "characters": [{"id": "aoi", "name": "Aoi", "series": "", "aliases": ["A"], "faces": 2}],
    }  # fmt: skip
    tensors = {"centroids": np.eye(1, 4, dtype=np.float16), "owners": np.zeros(1, np.int32)}
    yield save(tensors, {"moedex": json.dumps(about)})


READERS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterator[bytes]]]] = {
    "decoder": (read_picture, _pictures),
    "pack": (read_any_pack, _packs),
}


def main() -> None:
    """Run the fuzzer; it ends the process with an exit code of its own."""
    _, which, corpus, *options = sys.argv
    read, sound = READERS[which]
    for number, data in enumerate(sound()):
        Path(corpus, f"{number:04d}").write_bytes(data)
    atheris.Setup([sys.argv[0], corpus, "-rss_limit_mb=4096", *options], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
