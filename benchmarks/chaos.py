"""Load and chaos: two hundred servers, ten thousand pictures, and everything that can go wrong.

    python -m benchmarks.chaos --minutes 10 --docs docs/serving.md
    python -m benchmarks.chaos --minutes 10 --processes 2 --docs docs/serving.md

The bot runs in a process of its own against the local Discord, on two shards, with learning on.
Several processes have a slice of two shards each, and share a PostgreSQL database.
At random: the gateway drops with and without resume; requests meet 429 (shared and global), 5xx
and cut connections; downloads stall and break off; a thread of the worker raises; a picture takes
longer than it may; the database is locked for five seconds; the disk is full while a crop is
written; a process is killed and started again; the clock goes back by an hour. PostgreSQL is
stopped and started, too, and clocks stay, as processes that share a database must have the same.

Counted is what members and operators have a right to: every post got one answer or one apology, no
vote is lost or counted twice, nothing of a deleted post stays, memory does not grow, and the event
loop is never late by its own work.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from benchmarks.chaos_databases import ChaosDatabase, chaos_database
from benchmarks.chaos_posts import Members
from benchmarks.chaos_processes import BotProcess
from benchmarks.options import Docs
from benchmarks.statistics import publish
from bot.storage import Storage
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

LATE_S: Final = 0.05
CALM_S: Final = 240.0
"""Seconds after the last picture in which what is late may still come."""
LIMIT_S: Final = 12.0
"""What a picture may take in the worker, so that a stuck one is given up within the run."""


class Chaos:
    """Makes things go wrong, one after the other, and counts what it did."""

    def __init__(
        self,
        sandbox: Sandbox,
        bots: Sequence[BotProcess],
        database: ChaosDatabase,
        rng: random.Random,
    ) -> None:
        self._faults = sandbox.fault_injection
        self._bots = bots
        self._database = database
        self._rng = rng
        self.done: Counter[str] = Counter()

    async def reign(self, seconds: float) -> None:
        """Do something every few seconds, for so long."""
        end = time.monotonic() + seconds
        every = {
            "gateway dropped": self._drop(resume=True),
            "session lost": self._drop(resume=False),
            "429, shared": lambda: self._limit(is_global=False),
            "429, global": lambda: self._limit(is_global=True),
            "5xx": self._fail,
            "connection cut": self._cut,
            "thread raised": lambda: self._bot.trouble("raise"),
            "picture stuck": lambda: self._bot.trouble("stick", LIMIT_S * 1.5),
            "disk full for 5 s": lambda: self._bot.trouble("disk", 5),
            "killed and started": self._kill,
            **{
                name: partial(asyncio.to_thread, trouble)
                for name, trouble in self._database.troubles.items()
            },
        }
        if len(self._bots) == 1:
            every["clock set back by an hour"] = lambda: self._bot.trouble("clock", 3600)
        # Each once at least; what is hard on a run comes a few times.
        rare = {"killed and started", "clock set back by an hour", "session lost"} & every.keys()
        often = [name for name in every if name not in rare]
        plan = [*every, *self._rng.choices(often, k=int(seconds / 6)), *rare, "killed and started"]
        self._rng.shuffle(plan)
        for name in plan:
            if time.monotonic() > end:
                return
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * seconds / (len(plan) + 1) * 0.8)
            await every[name]()
            self.done[name] += 1

    @property
    def _bot(self) -> BotProcess:
        """The process that it happens to."""
        return self._rng.choice(self._bots)

    def _drop(self, *, resume: bool) -> Any:
        return lambda: self._faults.drop_gateway(resume=resume)

    def _route(self) -> str:
        return self._rng.choice(
            ["*", "POST /channels/*/messages", "DELETE /channels/*", "PATCH *", "PUT *", "GET *"]
        )

    async def _limit(self, *, is_global: bool) -> None:
        self._faults.rate_limit(
            self._route(), times=self._rng.randint(1, 4), retry_after=1, is_global=is_global
        )

    async def _fail(self) -> None:
        status = self._rng.choice([500, 502, 503])
        self._faults.fail(self._route(), status, times=self._rng.randint(1, 4))

    async def _cut(self) -> None:
        self._faults.cut(self._route(), self._rng.choice(["before", "after"]))

    async def _kill(self) -> None:
        bot = self._bot
        await bot.end(signal.SIGKILL)
        await bot.start()


def main(
    minutes: Annotated[float, typer.Option(help="How long pictures are posted.")] = 10,
    pictures: Annotated[int, typer.Option(help="Posts in all.")] = 10_000,
    servers: Annotated[int, typer.Option(help="Servers, over all shards.")] = 200,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes of two shards each; several share PostgreSQL.")
    ] = 1,
    seed: int = 0,
    out: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
    docs: Docs = None,
) -> None:
    """Run it and print its table; exit 1 where something was lost or done twice."""
    figures = asyncio.run(run(minutes, pictures, servers, processes, seed))
    if out is not None:
        out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    text = table(figures)
    publish(text, docs, "chaos" if processes == 1 else "chaos_processes")
    raise typer.Exit(int(any(figures[name] for name in MUST_BE_NONE)))


async def run(
    minutes: float, pictures: int, servers: int, processes: int, seed: int
) -> dict[str, Any]:
    """Return what was done, and what became of it."""
    rng = random.Random(seed)  # noqa: S311 - a benchmark is repeatable
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="moedex-chaos-")))
        database = stack.enter_context(chaos_database(folder, shared=processes > 1))
        sandbox = await stack.enter_async_context(Sandbox())
        sandbox.state.world.recommended_shards = shards = 2 * processes
        places = [sandbox.places.add_server(f"server {n}") for n in range(servers)]
        ann = sandbox.member("ann")
        async with Storage.open(database.url) as storage:
            for server in places:
                channel = server.channel_named("general")
                await storage.settings.watch(server.id, channel.id, ann.id)
                now = datetime.now(UTC)
                await storage.consents.set_learning(server.id, ann.id, now, on=True)
        every = _environment(sandbox, database.url, folder)
        slices = [f"{first}-{first + 1}/{shards}" for first in range(0, shards, 2)]
        bots = [
            BotProcess(every | ({"MOEDEX_DISCORD__SHARDS": own} if processes > 1 else {}))
            for own in slices
        ]
        for bot in bots:
            stack.push_async_callback(bot.close)
        await asyncio.gather(*(bot.start() for bot in bots))
        members = Members(sandbox, places, rng)
        chaos = Chaos(sandbox, bots, database, rng)
        began = time.monotonic()
        await asyncio.gather(members.post(pictures, 60 * minutes), chaos.reign(60 * minutes))
        await members.finish()
        posting_s = time.monotonic() - began
        sandbox.fault_injection.clear()
        await _until_calm(members)
        codes = await asyncio.gather(*(bot.end() for bot in bots))
        async with Storage.open(database.url) as storage:
            kept: Counter[tuple[int, int]] = Counter()
            for reply in {reply for reply, _ in members.votes}:
                votes = await storage.votes.for_answer(reply)
                kept.update((vote.reply_id, vote.user_id) for vote in votes)
            gone = {one for one, _ in members.votes if not await storage.answers.by_reply(one)}
        counted = [vote for vote in members.votes if vote[0] not in gone]
    slope, error = _slope(max((life for bot in bots for life in bot.memory), key=len))
    late = [one for bot in bots for one in bot.late]
    return {
        "minutes": posting_s / 60,
        "servers": servers,
        "posts": dict(members.count()),
        "troubles": dict(chaos.done),
        "processes": processes,
        "starts": sum(bot.starts for bot in bots),
        "exit code": max(map(abs, codes)),
        "without answer or apology": members.count()["nothing"],
        "answered several times": members.count()["several"],
        "answers of deleted posts": members.count()["deleted, and an answer is there"],
        "votes": len(counted),
        "votes lost": sum(not kept[vote] for vote in counted),
        "votes counted twice": sum(kept[vote] > 1 for vote in counted),
        "MB a minute": slope,
        "MB a minute, standard error": error,
        "loop late by over 50 ms": sum(one["seconds"] > LATE_S for one in late),
        "of it by its own work": sum(one["own"] > LATE_S for one in late),
        "lateness at most, ms": 1000 * max((one["seconds"] for one in late), default=0.0),
    }


MUST_BE_NONE: Final = (
    "without answer or apology",
    "answered several times",
    "answers of deleted posts",
    "votes lost",
    "votes counted twice",
    "of it by its own work",
    "exit code",
)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a table for people."""
    posts = figures["posts"]
    troubles = ", ".join(f"{count} × {name}" for name, count in figures["troubles"].items())
    rows = [
        ("processes of two shards", str(figures["processes"])),
        ("posts, over minutes", f"{posts['kept'] + posts['deleted']} / {figures['minutes']:.1f}"),
        ("what went wrong", troubles),
        ("got an answer / an apology", f"{posts['an answer']} / {posts['an apology']}"),
        *((name, str(figures[name])) for name in MUST_BE_NONE),
        ("votes", str(figures["votes"])),
        ("memory, MB a minute in the longest life", _memory(figures)),
        (
            "event loop late by over 50 ms (other processes counted in) / at most",
            f"{figures['loop late by over 50 ms']} / {figures['lateness at most, ms']:.0f} ms",
        ),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _memory(figures: dict[str, Any]) -> str:
    if math.isnan(figures["MB a minute"]):
        return "killed too often to tell"
    return f"{figures['MB a minute']:+.2f} ± {figures['MB a minute, standard error']:.2f}"


def _environment(sandbox: Sandbox, url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MOEDEX_DISCORD__TOKEN": sandbox.bot_token,
        "MOEDEX_DISCORD__API": sandbox.api_url,
        "MOEDEX_DISCORD__GATEWAY": sandbox.gateway_url,
        "MOEDEX_DISCORD__CDN": sandbox.cdn_url,
        "MOEDEX_STORAGE__URL": url,
        "MOEDEX_LEARNING__CROPS": str(folder / "crops"),
        "MOEDEX_INFERENCE__TIMEOUT_S": str(LIMIT_S),
        "MOEDEX_COOLDOWNS__USER_TIMES": "100000",
        "MOEDEX_COOLDOWNS__SERVER_TIMES": "100000",
    }


async def _until_calm(members: Members) -> None:
    """Wait until every post has got something, or nothing more is to be hoped for."""
    end = time.monotonic() + CALM_S
    while members.unanswered() and time.monotonic() < end:  # noqa: ASYNC110 - it looks at all
        await asyncio.sleep(2)
    await asyncio.sleep(10)


def _slope(memory: list[tuple[float, float]]) -> tuple[float, float]:
    """MB a minute and its standard error, by least squares, of the second half of a life."""
    later = np.array(memory[len(memory) // 2 :])
    if len(later) < 5:
        return float("nan"), float("nan")
    (slope, _), covariance = np.polyfit(later[:, 0] / 60, later[:, 1], 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))


if __name__ == "__main__":
    typer.run(main)
