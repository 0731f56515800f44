"""What a picture costs a replica, and how much more two replicas of bulk work do than one.

    python -m benchmarks.cluster --data ../shared/data/posts --docs docs/serving.md

A replica computes in one thread, so its processor time is its time; other processes change it
little. Bulk work is measured by the clock, from its first results to its last, one replica and two
in turn: it wants a machine that does nothing else, and a processor for each.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.options import DATA, Docs
from benchmarks.statistics import machine, publish, table, today
from bot.config import load_config
from bot.inference.cluster.bulk import name_all
from bot.inference.cluster.wire import pack_crops, pack_found, pack_vectors
from bot.inference.finding import Finding, Intake
from bot.inference.threads import share_machine
from bot.storage import Answer, Storage
from bot.storage.records import AnsweredFace, AnsweredPicture, StoredGuess
from models.bulk import BATCH_PICTURES, Recipe, collect
from models.embedding.embedder import Embedder
from models.images.decoding import PictureError, PictureLimits
from models.types import Box, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWERS = 2000
"""Answers that are kept to see how large a database grows by them."""


def main(
    data: Annotated[Path, typer.Option(help="The folder of posts.")] = DATA / "posts",
    rounds: Annotated[int, typer.Option(help="How often bulk work is done by one and by two.")] = 2,
    files: Annotated[int, typer.Option(help="Files of bulk work; 0 leaves it out.")] = 160,
    docs: Docs = None,
) -> None:
    """Measure, print the tables, and write them into a page."""
    paths = [entry for entry in collect([data]) if isinstance(entry, Path)]
    parts = [f"{today()}, {machine()}; {len(paths)} pictures: {data.name}.", _costs(paths)]
    if files:
        parts.append(_bulk((paths * (files // len(paths) + 1))[:files], rounds))
    publish("\n\n".join(parts), docs, "cluster")


def _costs(paths: Sequence[Path]) -> str:
    """What each picture costs a replica of either kind, and how many bytes go where."""
    share_machine()
    from models.detection.registry import load_detector
    from models.identify import FaceFinder

    embedder = Embedder.load()
    finder = FaceFinder(load_detector(), embedder.side)
    finder.warm_up()
    embedder.warm_up()
    finding = Finding(finder, Intake.of(load_config(None)))
    find: list[float] = []
    embed: list[float] = []
    faces: list[int] = []
    there, back, crops = [], [], []
    for path in paths:
        picture = path.read_bytes()
        since = time.process_time()
        try:
            found = finding.find(picture, path.name)
        except PictureError:
            continue
        packed = pack_found(found)
        find.append(time.process_time() - since)
        faces.append(len(found.faces))
        there.append(len(picture))
        back.append(len(packed))
        if found.faces:
            since = time.process_time()
            vectors = embedder.embed(found.crops)
            embed.append((time.process_time() - since) / len(found.faces))
            crops.append(len(pack_crops(found.crops)) + len(pack_vectors(vectors)))
    rows = [
        ["find: processor ms a picture, mean", f"{1000 * statistics.fmean(find):.0f}"],
        ["find: standard deviation over mean", f"{_variation(find):.2f}"],
        ["embed: processor ms a face, mean", f"{1000 * statistics.fmean(embed):.0f}"],
        ["embed: standard deviation over mean", f"{_variation(embed):.2f}"],
        ["faces a picture, mean", f"{statistics.fmean(faces):.2f}"],
        ["pictures without a face", f"{sum(not n for n in faces) / len(faces):.0%}"],
        ["picture to the cluster, kB", f"{statistics.fmean(there) / 1000:.0f}"],
        ["what was found, back, kB", f"{statistics.fmean(back) / 1000:.0f}"],
        ["crops there and vectors back, kB", f"{sum(crops) / len(faces) / 1000:.0f}"],
        ["database, bytes an answer with a face", f"{_answer_bytes():.0f}"],
    ]
    return table(["a picture costs", ""], rows)


def _variation(values: Sequence[float]) -> float:
    return statistics.stdev(values) / statistics.fmean(values)


def _answer_bytes() -> float:
    """How many bytes a database grows by for each answer with one face, indexes counted in."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "measured.db")
        asyncio.run(_keep(file, range(1)))
        before = file.stat().st_size
        asyncio.run(_keep(file, range(1, 1 + ANSWERS)))
        return (file.stat().st_size - before) / ANSWERS


async def _keep(file: Path, numbers: range) -> None:
    guesses = tuple(
        StoredGuess(f"some_character_{n}", f"Some Character {n}", "A Series", 0.9 / (n + 1))
        for n in range(5)
    )
    face = AnsweredFace(box=Box(0.1, 0.1, 0.3, 0.3), guesses=guesses, tier=Tier.NAMED)
    picture = AnsweredPicture("a_picture_with_a_usual_name.png", (face,))
    start, first = datetime.now(UTC), 1_300_000_000_000_000_000
    async with Storage.open(file) as storage:
        for number in numbers:
            reply, at = first + 7_000_000 * number, start + timedelta(seconds=number)
            await storage.answers.add(
                Answer(reply, reply - 5_000, first, first, (picture,), "0123456789ab-012345", at)
            )


def _bulk(paths: Sequence[Path], rounds: int) -> str:
    """How many files a second one replica names, and two."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for replicas, measured in rates.items():
            measured.append(_rate(paths, replicas))
    rows = [
        [n, ", ".join(f"{rate:.2f}" for rate in each), f"{max(each) / max(rates[1]) / n:.2f}"]
        for n, each in rates.items()
    ]
    return table(["replicas", "files a second, each round", "best, of linear"], rows)


def _rate(paths: Sequence[Path], replicas: int) -> float:
    """Files a second after the first batch of each replica: loading is left out."""
    recipe = Recipe(PictureLimits(), max_faces=16)
    ends: list[float] = []
    for _ in name_all(recipe, paths, replicas=replicas):
        ends.append(time.perf_counter())  # noqa: PERF401 - the moment is what is measured
    skipped = replicas * BATCH_PICTURES
    return (len(paths) - skipped) / (ends[-1] - ends[skipped - 1])


if __name__ == "__main__":
    typer.run(main)
