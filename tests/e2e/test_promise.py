"""The promise about privacy: what is kept of a picture where learning is off, to the byte."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.ui.erasing import ERASE, LEAVE, LEFT, MANAGERS_ONLY
from models.vectors import pack_vector
from tests.databases import ON_BOTH, rows_in
from tests.e2e.conftest import PATIENCE_S, confirmed, eventually, kept, settled, shown, watch
from tests.e2e.erasure.traces import TellingStages, in_rows, learn_in, said

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.e2e.conftest import Start


pytestmark = ON_BOTH


class HashingStages(TellingStages):
    """Stages that tell both hashes of a picture."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find the faces that the data says."""
        return replace(super().find(data, name), sha256=hashlib.sha256(name.encode()).hexdigest())


@pytest.fixture
def stages() -> HashingStages:
    """Return stages whose hashes, crops and vectors tell pictures apart."""
    return HashingStages()


def contents(folder: Path, url: str) -> bytes:
    """Return all bytes of a database that is a file, its log, and the files beside it."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.name == "moedex.db" for file in files) == url.startswith("sqlite")
    return b"".join(file.read_bytes() for file in files)


def traces(stages: TellingStages, name: str, author_id: int) -> dict[str, bytes]:
    """Return what would tell of a picture and its author, as it would stand in the file."""
    found = stages.find(b"1", name)
    (vectors,) = stages.embed([found.crops])
    return {
        "author": author_id.to_bytes(8),
        "author in text": str(author_id).encode(),
        "perceptual hash": found.phash.encode(),
        "sha256": found.sha256.encode(),
        "vector": pack_vector(vectors[0]),
    }


def left(folder: Path, url: str, needles: dict[str, bytes]) -> set[str]:
    """Return which of the traces are in the files, or in the rows of a server's database."""
    data = contents(folder, url)
    rows = "" if url.startswith("sqlite") else rows_in(url)
    return {what for what, each in needles.items() if each in data or in_rows(each, rows)}


def number(message_id: int) -> dict[str, bytes]:
    """Return what would tell of a message, in a file and in rows."""
    return {"number": message_id.to_bytes(8), "number in text": str(message_id).encode()}


async def answered(sandbox: Sandbox, bot: MoedexBot, name: str) -> Message:
    """Let Ben post a picture; return the answer once it is kept and recorded."""
    posted = await sandbox.member("ben").post("fan-art", files=[(name, b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    await kept(bot, reply)
    await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    return reply


async def test_without_learning_the_file_knows_neither_author_nor_picture(
    sandbox: Sandbox, bot: MoedexBot, stages: TellingStages, database: str, tmp_path: Path
) -> None:
    ben = sandbox.member("ben")
    needles = traces(stages, "secret.png", ben.id)
    reply = await answered(sandbox, bot, "secret.png")
    await settled(sandbox, bot)
    assert left(tmp_path, database, needles) == set()
    # What its buttons need is there: they work.
    answer = await kept(bot, reply)
    assert answer.faces[0].guesses
    assert left(tmp_path, database, number(reply.id))


async def test_with_learning_the_same_look_finds_them_and_switching_it_off_erases_them(
    sandbox: Sandbox, bot: MoedexBot, stages: TellingStages, database: str, tmp_path: Path
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    needles = traces(stages, "secret.png", ben.id)
    await learn_in(bot, bot.guilds[0].id)
    reply = await answered(sandbox, bot, "secret.png")
    author = "author" if database.startswith("sqlite") else "author in text"
    found = {author, "perceptual hash", "vector"}
    assert left(tmp_path, database, needles) == found
    asks = await ann.slash("general", "learning off")
    text = await said(asks)
    assert "1 crop with their vectors, the hashes of 1 picture" in text
    assert "0 characters, and 0 trained versions" in text
    assert await confirmed(ann, asks, LEAVE) == LEFT
    assert left(tmp_path, database, needles) == found
    # A question that was left open is still there for who decides, and for nobody else.
    asks = await ann.slash("general", "learning off")
    refused = await ben.press(await shown(asks), ERASE["learning"])
    assert await said(refused) == MANAGERS_ONLY
    assert left(tmp_path, database, needles) == found
    assert "Learning is off" in await confirmed(ann, asks, ERASE["learning"])
    assert left(tmp_path, database, needles) == set()
    assert (await kept(bot, reply)).faces[0].guesses


async def test_after_seven_days_nothing_is_left(
    sandbox: Sandbox, start: Start, stages: TellingStages, database: str, tmp_path: Path
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        reply = await answered(sandbox, bot, "secret.png")
        now = datetime.now(UTC)
        await bot.services.retention.erase_old(now + timedelta(days=6, hours=23))
        assert await bot.services.storage.answers.by_reply(reply.id) is not None
        await bot.services.retention.erase_old(now + timedelta(days=7, hours=1))
        assert await bot.services.storage.answers.by_reply(reply.id) is None
        for message_id in (reply.id, int((reply.reference or {}).get("message_id", 0))):
            # A claim of a message is in a server's database for some minutes more.
            assert message_id.to_bytes(8) not in contents(tmp_path, database)
        assert not left(tmp_path, database, {"name": b"secret.png"})
