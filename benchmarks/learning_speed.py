"""How long it takes from /teach to its first use, and what a large gallery costs."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bot.feedback.labels import Labelling
from bot.gallery.samples import EnrolmentSample
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.teaching import Teaching
from bot.storage import Storage
from bot.storage.crops import CropStore
from models.gallery.gallery import Gallery, unit
from models.gallery.tuning import tuned
from models.types import Box, Character, Face, Guess, NamedFace, Tier

if TYPE_CHECKING:
    from models.embedding.embedder import Embedder
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Namer

SMALL, LARGE = 100, 10_000
SHOTS = 4
TAUGHT = 12
REPEATS = 200
SERVER = 1


@dataclass(frozen=True)
class Speed:
    """Milliseconds of processor time, each the median and the largest of the repeats."""

    teach: tuple[float, float]
    small: tuple[float, float]
    large: tuple[float, float]

    def text(self) -> str:
        """Say it in a paragraph."""
        return (
            f"From a face's crop, given to /teach, to the gallery that names by it (embedded, "
            f"written to the database, gallery rebuilt and held against impostors): "
            f"{self.teach[0]:.0f} ms of processor time, at most {self.teach[1]:.0f} ms of "
            f"{TAUGHT}. Naming a face by a gallery of {SMALL} "
            f"characters with {SHOTS} pictures each: {self.small[0]:.2f} ms; of {LARGE:,}: "
            f"{self.large[0]:.2f} ms, {self.large[0] - self.small[0]:.2f} ms more (medians of "
            f"{REPEATS})."
        )


def measure_speed(embedder: Embedder, namer: Namer, impostors: Impostors) -> Speed:
    """Measure both in processor time, as other work shares the machine."""
    teach = asyncio.run(_teach(embedder, namer, impostors))
    return Speed(teach, _naming(namer, SMALL), _naming(namer, LARGE))


async def _teach(embedder: Embedder, namer: Namer, impostors: Impostors) -> tuple[float, float]:
    rng = np.random.default_rng(3)
    crops = rng.integers(0, 256, (TAUGHT, embedder.side, embedder.side, 3)).astype(np.uint8)
    embedder.warm_up()
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Storage.open(Path(folder, "moedex.db")) as storage:
            galleries = ServerGalleries(
                storage, characters=namer.gallery.characters, shipped=namer.gallery,
                backbone=embedder.version, tune=lambda made: tuned(made, namer, impostors),
            )  # fmt: skip
            labelling = Labelling(storage.faces, storage.votes, storage.labels, galleries.roster)
            teaching = Teaching(
                storage, CropStore(Path(folder, "crops")), galleries.roster, labelling.relearn
            )
            for number, crop in enumerate(crops):
                await galleries.gallery(SERVER)
                start = time.process_time()
                vector = embedder.embed(crop[None])
                guess = Guess(namer.gallery.characters[0], 0.0)
                found = Face(Box(0, 0, 9, 9), 1.0)
                face = NamedFace(found, (guess,), Tier.NOT_KNOWN, vector[0], crop)
                await teaching.teach(
                    SERVER,
                    1,
                    f"Taught {number}",
                    "Own",
                    [EnrolmentSample(face, f"{number:016x}", embedder.version)],
                )
                gallery = await galleries.gallery(SERVER)
                seconds.append(time.process_time() - start)
                (naming,) = namer.name(vector, gallery)
                if naming.guesses[0].character.name != f"Taught {number}":
                    raise RuntimeError("what was taught is not named")
            await galleries.close()
    return 1000 * median(seconds), 1000 * max(seconds)


def _naming(namer: Namer, characters: int) -> tuple[float, float]:
    rng = np.random.default_rng(4)
    dimensions = namer.gallery.centroids.shape[1]
    vectors = unit(rng.normal(size=(characters, SHOTS, dimensions)).astype(np.float32))
    gallery = Gallery.of({Character(f"c{n}", f"C {n}", ""): own for n, own in enumerate(vectors)})
    asked = unit(rng.normal(size=(REPEATS + 5, 1, dimensions)).astype(np.float32))
    seconds: list[float] = []
    for face in asked:
        start = time.process_time()
        namer.name(face, gallery)
        seconds.append(time.process_time() - start)
    return 1000 * median(seconds[5:]), 1000 * max(seconds[5:])
