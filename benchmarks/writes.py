"""How many answers a second the databases take, written as the bots write them.

    python -m benchmarks.writes --docs docs/scale.md

Of an answer with one face is written what its bot writes: its claim is taken, the answer is kept
with its face, near-duplicates are asked for and the face is recorded where the server learns, the
claim is ended. Bots are processes that do nothing else, so they and the database share the
processors: the processor time of the database itself says what a machine of its own would do. How
long a commit waits is the disk's to say, so PostgreSQL is measured without that wait, too.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import psutil
import typer

from benchmarks.options import Docs
from benchmarks.statistics import machine, publish, table, today
from bot.storage import Answer, AnsweredPicture, Storage
from bot.storage.location import sqlite_url
from bot.storage.records import AnsweredFace, LearnedAnswer, LearnedFace, StoredGuess
from models.types import Box, Tier
from tests.databases import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS: Final = 3
"""Rows that an answer with one face adds: itself, its face, its claim."""
CLAIM: Final = timedelta(seconds=30)
AT_ONCE: Final = 8
"""Answers that a bot is at work on."""
SERVERS: Final = 1000
_GUESSES = tuple(
    StoredGuess(f"some_character_{n}", f"Some Character {n}", "A Series", 0.9 / (n + 1))
    for n in range(5)
)
_FACE = AnsweredFace(box=Box(0.1, 0.1, 0.3, 0.3), guesses=_GUESSES, tier=Tier.NAMED)
_PICTURE = AnsweredPicture("a_picture_with_a_usual_name.png", (_FACE,))


def main(
    seconds: Annotated[float, typer.Option(help="How long each is measured.")] = 20,
    most: Annotated[int, typer.Option(help="Bot processes on PostgreSQL at most.")] = 4,
    docs: Docs = None,
) -> None:
    """Measure, print the table, and write it into a page."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="moedex-writes-") as folder:
        disk = f"a write that reaches the disk takes {_write_ms(Path(folder)):.1f} ms"
        for learns in (False, True):
            url = sqlite_url(Path(folder, f"{learns}.db"))
            took = _measured(url, 1, seconds, learns=learns, server=None)
            rows.append(["SQLite", "yes", 1, *took])
    with _postgres() as server:
        database = psutil.Process(
            int((server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        )
        for waits, learns in product((True, False), (False, True)):
            server.sql(f"ALTER SYSTEM SET synchronous_commit = {'on' if waits else 'off'}")
            server.sql("SELECT pg_reload_conf()")
            processes = 1
            while processes <= most:
                url = server.url(server.clone())
                took = _measured(url, processes, seconds, learns=learns, server=database)
                rows.append(["PostgreSQL", "yes" if waits else "no", processes, *took])
                processes *= 2
    head = ["database", "waits for the disk", "bots", "learns", "answers a second", "rows a second"]
    text = table([*head, "bot's ms of processor an answer", "database's"], rows)
    command = f"`python -m benchmarks.writes --seconds {seconds:g} --most {most}`"
    publish(f"{command}; {machine()}; {disk}; {today()}.\n\n{text}", docs, "writes")


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        for setting in ("fsync", "full_page_writes"):
            server.sql(f"ALTER SYSTEM RESET {setting}")
        yield server
    finally:
        server.remove()


def _write_ms(folder: Path) -> float:
    """The median time of a small write that reaches the disk."""
    took: list[float] = []
    with (folder / "written").open("wb", buffering=0) as file:
        for _ in range(50):
            begun = time.perf_counter()
            file.write(bytes(8192))
            os.fsync(file.fileno())
            took.append(1000 * (time.perf_counter() - begun))
    return statistics.median(took)


def _measured(
    url: str, processes: int, seconds: float, *, learns: bool, server: psutil.Process | None
) -> list[object]:
    """Let bots write for so long; return a row of the table."""
    asyncio.run(_migrate(url))
    before = 0.0 if server is None else _processor_s(server)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        rates = pool.starmap(_write, [(url, seconds, learns)] * processes)
    answers, own_s = sum(each[0] for each in rates), sum(each[2] for each in rates)
    rate = sum(each[1] for each in rates)
    spent = "" if server is None else f"{1000 * (_processor_s(server) - before) / answers:.1f}"
    own = f"{1000 * own_s / answers:.1f}"
    return ["yes" if learns else "no", f"{rate:.0f}", f"{ROWS * rate:.0f}", own, spent]


def _processor_s(server: psutil.Process) -> float:
    """The processor time of a server and all that it started, those that ended among them."""
    running = sum(sum(each.cpu_times()[:2]) for each in server.children(recursive=True))
    return sum(server.cpu_times()[:4]) + running


def _write(url: str, seconds: float, learns: bool) -> tuple[int, float, float]:
    """Write answers for so long; return how many, those a second, and the processor's seconds."""
    return asyncio.run(_bot(url, seconds, learns=learns))


async def _bot(url: str, seconds: float, *, learns: bool) -> tuple[int, float, float]:
    done = counted = 0
    # Processes start one after another: what is written before all are there is not counted.
    async with Storage.open(url, shared=True) as storage:
        begin, before = time.monotonic() + 2.0, time.process_time()
        end = begin + seconds

        async def work() -> None:
            nonlocal done, counted
            while (now := time.monotonic()) < end:
                await _answer(storage, learns=learns)
                done, counted = done + 1, counted + (now >= begin)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        rate = counted / (time.monotonic() - begin)
        return done, rate, time.process_time() - before


async def _answer(storage: Storage, *, learns: bool) -> None:
    """Write what one answer writes."""
    reply, server_id, now = secrets.randbits(62), secrets.randbelow(SERVERS) + 1, datetime.now(UTC)
    claim, holder = f"message:{reply - 1}:", secrets.token_hex(8)
    await storage.leases.take(claim, holder, CLAIM)
    await storage.answers.add(
        Answer(reply, reply - 1, server_id, server_id, (_PICTURE,), "0123456789ab-012345", now)
    )
    learned = None
    if learns:
        phash = secrets.token_hex(8)
        if storage.near_hashes.answers:
            await storage.near_hashes.within(server_id, phash, 6)
        vector = np.random.default_rng(reply).normal(size=384).astype(np.float32)
        crop = f"{server_id}/{secrets.token_hex(12)}.webp"
        learned = LearnedAnswer(1, 2, (LearnedFace(phash, None, crop, vector, "0123456789ab"),))
    await storage.faces.record(reply, [False], learned)
    await storage.leases.finish(claim, holder, CLAIM)


async def _migrate(url: str) -> None:
    async with Storage.open(url, shared=True):
        pass


if __name__ == "__main__":
    typer.run(main)
