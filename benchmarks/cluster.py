"""What a picture costs a replica, and how much more two replicas of bulk work do than one.

    python -m benchmarks.cluster --data ../shared/data/posts --docs docs/serving.md

A replica computes in one thread, so its processor time is its time; other processes change it
little. Bulk work is measured by the clock and by the replicas' processor time, one replica and two
in turn. By the clock it wants a machine that does nothing else, and a processor for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import ray
import typer
from ray import serve

from benchmarks.options import DATA, Docs
from benchmarks.statistics import machine, publish, table, today
from bot.config import load_config
from bot.inference.cluster.bulk import name_all
from bot.inference.cluster.node import connect
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

    from ray.serve.handle import DeploymentHandle

ANSWERS = 2000
"""Answers that are kept to see how large a database grows by them."""


def main(
    data: Annotated[Path, typer.Option(help="The folder of posts.")] = DATA / "posts",
    rounds: Annotated[int, typer.Option(help="How often bulk work is done by one and by two.")] = 2,
    files: Annotated[int, typer.Option(help="Files of bulk work; 0 leaves it out.")] = 160,
    calls: Annotated[int, typer.Option(help="Calls of an empty replica.")] = 500,
    docs: Docs = None,
) -> None:
    """Measure, print the tables, and write them into a page."""
    paths = [entry for entry in collect([data]) if isinstance(entry, Path)]
    parts = [
        f"{today()}, {machine()}; {len(paths)} pictures: {data.name}.",
        _costs(paths),
        _calls(calls),
    ]
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


def _calls(count: int) -> str:
    """What Ray takes for a call of a replica that does nothing, with crops there and back."""
    connect("local")
    try:
        serve.start(proxy_location="Disabled")
        handle = serve.run(serve.deployment()(_Empty).bind(), name="empty", route_prefix=None)
        own, there = asyncio.run(_called(handle, count))
    finally:
        serve.shutdown()
        ray.shutdown()
    rows = [["who calls", f"{1000 * own:.1f}"], ["who is called", f"{1000 * there:.1f}"]]
    return table(["a call of Ray Serve, processor ms", ""], rows)


class _Empty:
    async def work(self, data: bytes) -> bytes:
        return data


async def _called(handle: DeploymentHandle, count: int) -> tuple[float, float]:
    """Processor seconds a call, of who calls and who is called, eight at the same time."""
    crops = bytes(100_000)
    await asyncio.gather(*(handle.work.remote(crops) for _ in range(50)))
    replica = sum(_processor_s("ray::ServeReplica:empty").values())
    own = time.process_time()
    for _ in range(count // 8):
        await asyncio.gather(*(handle.work.remote(crops) for _ in range(8)))
    made = count // 8 * 8
    there = sum(_processor_s("ray::ServeReplica:empty").values()) - replica
    return (time.process_time() - own) / made, there / made


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
    """How many files a second one replica names, and two, and what a file costs them."""
    measured: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(rounds):
        for replicas, each in measured.items():
            each.append(_rate(paths, replicas))
    one = {
        "clock": max(rate for rate, _ in measured[1]),
        "work": min(work for _, work in measured[1]),
    }
    rows = [
        [
            replicas,
            ", ".join(f"{rate:.2f}" for rate, _ in each),
            f"{max(rate for rate, _ in each) / one['clock'] / replicas:.2f}",
            ", ".join(f"{1000 * work:.0f}" for _, work in each),
            f"{one['work'] / min(work for _, work in each):.2f}",
        ]
        for replicas, each in measured.items()
    ]
    head = ["replicas", "files a second", "of linear", "replicas' processor ms a file"]
    return table([*head, "of linear with a processor each"], rows)


def _rate(paths: Sequence[Path], replicas: int) -> tuple[float, float]:
    """Files a second, and replicas' processor seconds a file.

    A run with few files is taken off one with all of them, and with it the start.
    """
    few = paths[: replicas * BATCH_PICTURES]
    (start, idle), (end, worked) = _run(few, replicas), _run(paths, replicas)
    files = len(paths) - len(few)
    return files / (end - start), (worked - idle) / files


def _run(paths: Sequence[Path], replicas: int) -> tuple[float, float]:
    """Name files; seconds by the clock, and of the replicas' processors."""
    worked: dict[str, float] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            worked.update(_processor_s("ray::MapWorker"))

    watching = threading.Thread(target=watch)
    since = time.perf_counter()
    watching.start()
    try:
        for _ in name_all(Recipe(PictureLimits(), max_faces=16), paths, replicas=replicas):
            pass
    finally:
        ended.set()
        watching.join()
    return time.perf_counter() - since, sum(worked.values())


def _processor_s(name: str) -> dict[str, float]:
    """Processor seconds of every process whose name begins so, by its number."""
    found: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_text().startswith(name):
                user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
                found[folder.name] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return found


if __name__ == "__main__":
    typer.run(main)
