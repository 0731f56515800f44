"""What a posted picture leaves behind, and whether any byte of it is still there.

Stand-in models give every picture a crop and a vector of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from bot.storage.records import TrainingReport
from bot.storage.tables.vectors import encoded
from models.vectors import pack_vector
from tests.bot.fakes import FakeStages
from tests.databases import rows_in
from tests.e2e.conftest import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces
    from bot.storage.records import FaceObservation, ModelVersion
    from models.types import Vectors
    from sandbox import Sandbox
    from sandbox.state.entities import Channel, Message
    from sandbox.state.interaction import Interaction


class TellingStages(FakeStages):
    """Stages whose crops, vectors and hashes differ from picture to picture, by its name."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find the faces that the data says, each with a crop of noise."""
        found = super().find(data, name)
        digest = hashlib.sha256(name.encode()).digest()
        rng = np.random.default_rng(list(digest))
        crops = rng.integers(0, 256, (len(found.faces), 32, 32, 3), np.uint8)
        return replace(found, crops=crops, phash=digest[:8].hex())

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Return a vector that tells which crop it is of."""
        return [np.stack([_vector(crop) for crop in each]) for each in crops]


def _vector(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    rng = np.random.default_rng(list(hashlib.sha256(crop.tobytes()).digest()))
    row = rng.normal(size=64)
    return (row / np.linalg.norm(row)).astype(np.float32)


async def learn_in(bot: MoedexBot, server_id: int) -> None:
    """Switch learning on."""
    await bot.services.storage.consents.set_learning(server_id, 1, datetime.now(UTC), on=True)


class Traces:
    """What one picture left behind, and whether any byte of it is still there.

    Looked for are all files of `folder`, and of a PostgreSQL database at `url` all rows.
    """

    def __init__(
        self, folder: Path, url: str, message: Message, reply: Message, face: FaceObservation
    ) -> None:
        assert face.crop
        assert face.vector is not None
        assert face.phash
        self.message, self.reply, self.face = message, reply, face
        self._folder, self._url = folder, url
        crop = (folder / "moedex-files" / "crops" / face.crop).read_bytes()
        self._needles = (pack_vector(face.vector), face.crop.encode(), face.phash.encode(), crop)

    def also(self, needle: bytes) -> None:
        """Count something else as a trace, such as a head that was trained on the picture."""
        self._needles += (needle,)

    @property
    def left(self) -> list[str]:
        """The files that still hold a byte of it, and the database where that is none."""
        files = [file for file in self._folder.rglob("*") if file.is_file()]
        left = [file.name for file in files if self._holds(file)]
        if self._url.startswith("sqlite"):
            assert any(file.name == "moedex.db" for file in files)
        else:
            rows = rows_in(self._url)
            left += ["rows" for needle in self._needles if in_rows(needle, rows)]
        return left

    def _holds(self, file: Path) -> bool:
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # the bot deletes while this looks
            return False
        return any(needle in content for needle in self._needles)

    async def gone(self) -> bool:
        """Say whether nothing is left."""
        return not self.left


def in_rows(needle: bytes, rows: str) -> bool:
    """Say whether rows have bytes: as text, as bytes, or as a vector, which is sent big-endian."""
    vector = encoded(needle)[4:].hex() if len(needle) % 2 == 0 else None
    text = needle.decode("ascii", "ignore") if needle.isascii() else None
    return any(form and form in rows for form in (needle.hex(), vector, text))


async def learned(
    sandbox: Sandbox,
    bot: MoedexBot,
    folder: Path,
    name: str,
    channel: Channel | str = "fan-art",
    poster: str = "ben",
) -> Traces:
    """Let a member post a picture and Ann confirm it; return what that left behind."""
    posted = await sandbox.member(poster).post(channel, files=[(f"{name}.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    traces = Traces(folder, bot.services.config.storage.url, posted, reply, face)
    await sandbox.member("ann").react(reply, "✅")

    async def labelled() -> bool:
        label = await bot.services.storage.labels.get(face.id)
        return label is not None and label.state == "settled"

    await eventually(labelled)
    assert traces.left
    return traces


async def version_of(bot: MoedexBot, *pictures: Traces) -> ModelVersion:
    """Keep a version that was trained on pictures, and answers."""
    head = b"head of " + b" ".join(pack_vector(_unit(p.face)) for p in pictures)
    for picture in pictures:
        picture.also(head)
    return await bot.services.storage.versions.add(
        pictures[0].face.server_id, "fake", head, TrainingReport(),
        [("face", p.face.id) for p in pictures], datetime.now(UTC), promoted=True,
    )  # fmt: skip


def _unit(face: FaceObservation) -> NDArray[np.float32]:
    assert face.vector is not None
    return face.vector


async def votes_on(bot: MoedexBot, *pictures: Traces) -> int:
    """Return how many votes stand on answers."""
    return sum([len(await bot.services.storage.votes.for_answer(p.reply.id)) for p in pictures])


async def said(interaction: Interaction) -> str:
    """Return the text of the bot's first answer."""

    async def answered() -> bool:
        return bool(interaction.answers)

    await eventually(answered)
    return interaction.answers[0].content
