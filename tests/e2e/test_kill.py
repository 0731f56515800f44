"""A bot killed around the acknowledgement of votes, and what the next one finds.

The unmodified client runs in a process of its own, without TensorFlow, and is killed with SIGKILL.
Members press ✅ (acknowledged by the answer to the button), react with ❌ (acknowledged by the
card, which becomes a question), react with ✅ (the reaction is at Discord, who tells it again), and
react while no bot is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.storage import Storage
from tests.e2e.conftest import PATIENCE_S, asked, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox
    from sandbox.state.entities import Message

KILLS = 200
LATEST_KILL_S = 0.03
"""Seconds after the votes until the kill, at most: the commit and the answer lie within."""
ROUNDS_A_CARD = 5
"""Kills until there is a new card, which the next ❌ turns into a question."""


class Killable:
    """A bot's process; `kill` ends it at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._pid = 0

    async def start(self) -> None:
        """Start a bot, and wait until it is connected."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        said: list[str] = []
        while "ready" not in said or len(said) < 2:
            said.append(await self._line())
        self._pid = next(int(line) for line in said if line != "ready")

    async def kill(self) -> None:
        """Kill the bot with SIGKILL, and wait until it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        while await self._line() != "ended":
            pass

    async def _line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, "the process that starts bots has ended"
        return line.decode().strip()


@pytest.fixture
async def killable(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Killable]:
    """Return a bot that can be killed and started again, on one storage."""
    sections = {
        "discord": sandbox.discord_section,
        "storage": {"url": f"sqlite+aiosqlite:///{tmp_path / 'moedex.db'}"},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.killed_bot", json.dumps(sections),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    yield Killable(process)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@asynccontextmanager
async def looked_into(folder: Path) -> AsyncIterator[Storage]:
    """Open the storage beside the bot."""
    async with Storage.open(folder / "moedex.db", exclusive=False) as storage:
        yield storage


async def voters(storage: Storage, card: Message) -> list[int]:
    """Return whose votes stand on an answer."""
    return [vote.user_id for vote in await storage.votes.for_answer(card.id)]


async def answered_in(sandbox: Sandbox, storage: Storage, channel: str) -> Message:
    """Let a picture be answered in a channel; returns the card, once it is kept."""
    mention = f"<@{sandbox.bot.id}>"
    posted = await sandbox.member("ann").post(channel, mention, files=[("a.png", b"1")])
    card = await sandbox.answer_to(posted, PATIENCE_S)
    await eventually(lambda: storage.answers.by_reply(card.id))
    return card


@pytest.mark.parametrize(
    "kills", [3, pytest.param(KILLS, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)
async def test_no_acknowledged_vote_is_lost_and_none_counts_twice(
    sandbox: Sandbox, killable: Killable, tmp_path: Path, kills: int
) -> None:
    rng = random.Random(11)  # noqa: S311
    await killable.start()
    async with looked_into(tmp_path) as storage:
        pressed = await answered_in(sandbox, storage, "quiet")
        acknowledged: set[int] = set()
        reacted: list[tuple[Message, set[int]]] = []
        for number in range(kills):
            if number:
                await killable.start()
            new = number % ROUNDS_A_CARD == 0
            if new:
                reacted.append((await answered_in(sandbox, storage, "fan-art"), set()))
            card, reactors = reacted[-1]
            presser, reactor, absentee = (
                sandbox.places.add_member(f"{what} {number}")
                for what in ("presses", "reacts", "later")
            )
            press = await presser.press(pressed, "Yes")
            await reactor.react(card, "❌" if new else "✅")
            await asyncio.sleep(rng.uniform(0, LATEST_KILL_S))
            if rng.random() < 0.5:  # the other half is killed blindly
                await eventually(lambda press=press: answered(press))
            await killable.kill()
            if press.answers:
                acknowledged.add(presser.id)
            if new and await asked(card):
                assert reactor.id in await voters(storage, card)
            await absentee.react(card, "✅")
            reactors |= {reactor.id, absentee.id}
        assert acknowledged
        await killable.start()
        pressers = await voters(storage, pressed)
        assert acknowledged <= set(pressers)
        assert max(Counter(pressers).values()) == 1
        for card, reactors in reacted:
            await eventually(lambda card=card, all_=reactors: all_found(storage, card, all_))
            assert sorted(await voters(storage, card)) == sorted(reactors)
            await eventually(lambda card=card: asked(card))
        # Nobody's vote was written down twice either, to be told apart only when it is counted.
        for user_id in set(pressers).union(*(reactors for _, reactors in reacted)):
            assert await storage.votes.count_of(user_id) == 1


async def answered(interaction: object) -> bool:
    """Say whether a button was acknowledged with words."""
    return bool(interaction.answers)  # type: ignore[attr-defined]


async def all_found(storage: Storage, reply: Message, reactors: set[int]) -> bool:
    """Say whether everybody's reaction is counted."""
    return reactors <= set(await voters(storage, reply))
