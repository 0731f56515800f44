"""A process killed around the acknowledgement of a vote: none lost, none counted twice."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.storage import Answer, Storage

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 200
REPLY = 77

# Says who voted once that is committed, as the bot answers a button. No model is loaded.
CHILD = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage import Storage

async def main():
    first = int(sys.argv[2])
    async with Storage.open(Path(sys.argv[1])) as storage:
        assert "tensorflow" not in sys.modules
        for user in range(first, first + 1000):
            await storage.votes.add(77, None, user, "yes", datetime.now(UTC))
            print(user, flush=True)
            await storage.votes.add(77, None, user, "yes", datetime.now(UTC))

asyncio.run(main())
"""


def killed(database: Path, first: int, after: int) -> set[int]:
    """Let a process vote, kill it after so many acknowledgements; return who was acknowledged."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", CHILD, str(database), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(after)]
    process.kill()
    rest, _ = process.communicate()
    # A line that the kill cut short was no acknowledgement.
    lines = "".join([*said, rest]).splitlines(keepends=True)
    return {int(line) for line in lines if line.endswith("\n")}


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_no_acknowledged_vote_is_lost_or_counted_twice(tmp_path: Path) -> None:
    database = tmp_path / "moedex.db"
    async with Storage.open(database) as storage:
        await storage.answers.add(Answer(REPLY, 1, 2, 3, 4, (), "m", datetime.now(UTC)))
    rng = random.Random(11)  # noqa: S311
    acknowledged: set[int] = set()
    for number in range(KILLS):
        acknowledged |= killed(database, number * 1000, rng.randint(1, 4))
    async with Storage.open(database) as storage:
        votes = await storage.votes.for_answer(REPLY)
        voters = [vote.user_id for vote in votes]
        assert acknowledged <= set(voters)
        assert len(voters) == len(set(voters))
        # At most the vote being made when the process was killed may be more.
        assert len(voters) <= len(acknowledged) + KILLS
        assert sum([await storage.votes.count_of(user) for user in voters]) == len(voters)
