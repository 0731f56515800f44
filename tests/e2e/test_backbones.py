"""Another backbone after an upgrade: the old pair answers until all crops are embedded anew."""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bot.inference import InferenceWorker
from bot.inference.stages import FoundFaces, StagesError
from bot.storage import Storage
from bot.storage.records import NewExemplar, ServerCharacter, TrainingReport
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery
from models.gallery.head_file import write_head
from models.gallery.namer import Namer
from models.gallery.policy import NamingPolicy
from models.gallery.scoring import Scoring
from models.types import Box, Character, Face, NamedFace
from tests.bot.fakes import MARIN, FakeStages
from tests.databases import ON_BOTH
from tests.e2e.conftest import PATIENCE_S, eventually, text_of, watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.client import MoedexBot
    from bot.inference import Stages
    from models.types import Pixels, Vectors
    from sandbox import Sandbox
    from tests.e2e.conftest import Start

RED, GREEN, BLUE = b"\xff\x00\x00", b"\x00\xff\x00", b"\x00\x00\xff"


class TinyStages(FakeStages):
    """A backbone that sees colours: a picture's bytes are the colour of its one face."""

    def __init__(self, backbone: str, side: int, dimensions: int) -> None:
        super().__init__()
        self.backbone = self.model_version = backbone
        self.side = side
        self.dimensions = dimensions
        self.embedded = 0
        noise = np.random.default_rng(list(backbone.encode())).normal(size=(dimensions, 3))
        self._axes = np.linalg.qr(noise)[0].T.astype(np.float32)
        self.gallery = Gallery.of({MARIN: self.look(BLUE)[None]})
        self._namer = Namer(
            self.gallery,
            scoring=Scoring(),
            calibration=Calibration(),
            threshold=Threshold.rising(0.5, 1),
            version=backbone,
        )

    def look(self, colour: bytes) -> NDArray[np.float32]:
        """Return the vector of a colour."""
        row = np.frombuffer(colour, np.uint8).astype(np.float32) @ self._axes
        return (row / np.linalg.norm(row)).astype(np.float32)

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find one face of the picture's colour."""
        crop = np.zeros((1, self.side, self.side, 3), np.uint8)
        crop[:] = np.frombuffer(data, np.uint8)
        frame = np.zeros((20, 30, 3), np.uint8)
        face = Face(Box(0, 0, 10, 10), 1.0)
        return FoundFaces(30, 20, {0: frame}, (face,), crop, f"{data.hex():0>16}", name, {})

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """See the colours; refuse crops of another size, as a real network does."""
        for each in crops:
            if each.shape[1:] != (self.side, self.side, 3):
                raise ValueError(f"{each.shape} is not for {self.backbone}")
        self.embedded += sum(map(len, crops))
        return [
            np.stack([self.look(np.uint8(crop.mean((0, 1)).round()).tobytes()) for crop in each])
            for each in crops
        ]

    def name(
        self, found: FoundFaces, vectors: Vectors, gallery: Any, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Name by what the vectors are near to."""
        namings = self._namer.name(vectors, gallery, policy)
        return tuple(
            NamedFace(face, naming.guesses, naming.tier, vector, crop)
            for face, naming, vector, crop in zip(
                found.faces, namings, vectors, found.crops, strict=True
            )
        )

    def save_pair(self, folder: Path) -> None:
        """Write what this is made of."""
        (folder / "pair").write_text(f"{self.backbone} {self.side} {self.dimensions}")

    def load_pair(self, folder: Path) -> TinyStages:
        """Make what a folder says."""
        try:
            backbone, side, dimensions = (folder / "pair").read_text().split()
        except (OSError, ValueError) as error:
            raise StagesError("there is no pair") from error
        return TinyStages(backbone, int(side), int(dimensions))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Semaphore:
    """Hold every embedding of kept crops until the test lets it go, chunk by chunk."""
    held = asyncio.Semaphore(0)
    embed_aside = InferenceWorker.embed_aside

    async def patient(self: InferenceWorker, stages: Stages, crops: Sequence[Pixels]) -> Vectors:
        await held.acquire()
        return await embed_aside(self, stages, crops)

    monkeypatch.setattr(InferenceWorker, "embed_aside", patient)
    return held


def open_wide(gate: asyncio.Semaphore) -> None:
    """Let everything through."""
    for _ in range(1000):
        gate.release()


async def answer(sandbox: Sandbox, bot: MoedexBot, colour: bytes) -> tuple[str, str]:
    """Post a picture; return what is answered, and which model did."""
    posted = await sandbox.member("ben").post("fan-art", files=[("a.png", colour)])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    kept = await eventually(lambda: bot.services.storage.answers.by_reply(reply.id))
    await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    return text_of(reply), kept.model_version


async def told(sandbox: Sandbox, command: str, options: dict[str, Any] | None = None) -> str:
    """Let Ann use a command; return what the bot said."""
    used = await sandbox.member("ann").slash("general", command, options)

    async def answered() -> bool:
        return bool(used.answers)

    await eventually(answered)
    return used.answers[0].content


async def set_up(sandbox: Sandbox, bot: MoedexBot) -> None:
    """Teach Aoi, who is red; load a character without a picture; and let a version answer."""
    await watch(bot)
    storage, server_id = bot.services.storage, bot.guilds[0].id
    await storage.consents.set_learning(server_id, 1, datetime.now(UTC), on=True)
    stages: Any = bot.services.worker.stages
    await told(sandbox, "teach", {"name": "Aoi", "image1": ("a.png", RED)})
    await storage.galleries.change(
        server_id, "pack", 0, "loaded a pack", datetime.now(UTC),
        characters=[ServerCharacter("midori", "Midori", "Pack")],
        exemplars=[
            NewExemplar(
                "midori", 0, "pack", stages.look(GREEN), stages.backbone, datetime.now(UTC)
            )
        ],
    )  # fmt: skip
    head = write_head(Gallery.of({Character("aoi", "Aoi", ""): stages.look(RED)[None]}))
    await storage.versions.add(
        server_id,
        stages.backbone,
        head,
        TrainingReport(),
        [],
        datetime(2020, 1, 1, tzinfo=UTC),
        promoted=True,
    )
    assert "Aoi" in (await answer(sandbox, bot, RED))[0]
    assert "Midori" in (await answer(sandbox, bot, GREEN))[0]


@ON_BOTH
async def test_the_old_pair_answers_until_all_is_embedded_anew(
    sandbox: Sandbox, start: Start, gate: asyncio.Semaphore, tmp_path: Path
) -> None:
    async with start(TinyStages("old", 16, 6)) as bot:
        await set_up(sandbox, bot)
        server_id = bot.guilds[0].id
    new = TinyStages("new", 24, 9)
    async with start(new) as bot:
        text, model = await answer(sandbox, bot, RED)
        assert ("**Aoi**" in text, model) == (True, "old")
        assert "**Midori**" in (await answer(sandbox, bot, GREEN))[0]
        assert bot.services.backbones.changing
        assert "Aoi" not in await told(sandbox, "learning show")
        # What is taught meanwhile is of the old pair too, names at once, and comes along.
        await told(sandbox, "teach", {"name": "Kiiro", "image1": ("k.png", b"\xff\xff\x00")})
        assert "**Kiiro**" in (await answer(sandbox, bot, b"\xff\xff\x00"))[0]
        vectors = {e.backbone for e in await bot.services.storage.exemplars.in_use(server_id)}
        assert vectors == {"old"}
        assert new.embedded == 0
        open_wide(gate)
        await eventually(lambda: changed(bot, "new"))
        for colour, name in ((RED, "Aoi"), (b"\xff\xff\x00", "Kiiro"), (BLUE, "Marin")):
            text, model = await answer(sandbox, bot, colour)
            assert (f"**{name}**" in text, model) == (True, "new")
        assert "Midori" not in (await answer(sandbox, bot, GREEN))[0]
        assert "Midori" in await told(sandbox, "learning show")
        faces = await bot.services.storage.faces.in_server(server_id)
        assert {face.backbone for face in faces} == {"new"}
        assert all(face.vector is not None and face.vector.shape == (9,) for face in faces)
        assert await bot.services.storage.versions.to_refit() == {server_id}
        await eventually(lambda: only(tmp_path, "new"))


async def test_a_change_goes_on_after_a_restart_where_it_stopped(
    sandbox: Sandbox, start: Start, gate: asyncio.Semaphore
) -> None:
    async with start(TinyStages("old", 16, 6)) as bot:
        await set_up(sandbox, bot)
        for shade in range(6):
            await answer(sandbox, bot, bytes([255, shade, 0]))
        every = len(await bot.services.storage.vectors.outdated("new"))
    async with start(TinyStages("new", 24, 9)) as bot:
        gate.release()

        async def some_are_ready() -> bool:
            return len(await bot.services.storage.vectors.outdated("new")) < every

        await eventually(some_are_ready)
        assert "**Aoi**" in (await answer(sandbox, bot, RED))[0]
    again = TinyStages("new", 24, 9)
    async with start(again) as bot:
        assert (await answer(sandbox, bot, RED))[1] == "old"
        left = len(await bot.services.storage.vectors.outdated("new"))
        open_wide(gate)
        await eventually(lambda: changed(bot, "new"))
        assert again.embedded == left < every
        assert "**Aoi**" in (await answer(sandbox, bot, RED))[0]
    async with start(TinyStages("new", 24, 9)) as bot:
        assert not bot.services.backbones.changing


async def test_without_the_old_pair_the_new_one_answers_at_once(
    sandbox: Sandbox, start: Start, gate: asyncio.Semaphore, tmp_path: Path
) -> None:
    async with start(TinyStages("old", 16, 6)) as bot:
        await set_up(sandbox, bot)
        await eventually(lambda: only(tmp_path, "old"))
    await asyncio.to_thread(lambda: shutil.rmtree(next(tmp_path.rglob("models"))))
    async with start(TinyStages("new", 24, 9)) as bot:
        text, model = await answer(sandbox, bot, RED)
        assert ("don't know" in text, model) == (True, "new")
        open_wide(gate)
        await eventually(lambda: changed(bot, "new"))
        assert "**Aoi**" in (await answer(sandbox, bot, RED))[0]


async def changed(bot: MoedexBot, backbone: str) -> bool:
    """Say whether the change is over and a backbone answers."""
    return not bot.services.backbones.changing and bot.services.worker.stages.backbone == backbone


async def only(folder: Path, name: str) -> bool:
    """Say whether one pair is kept, that of a backbone of that name."""
    files = await asyncio.to_thread(lambda: list(folder.rglob("models/*/pair")))
    pairs = [file.parent.name for file in files]
    return pairs == [name]


async def test_a_version_that_another_process_promotes_is_taken_over_and_no_picture_dropped(
    sandbox: Sandbox, start: Start, database: str
) -> None:
    stages, now = TinyStages("old", 16, 6), datetime.now(UTC)
    async with (
        start(stages) as bot,
        Storage.open(database, exclusive=False) as beside,
    ):
        await watch(bot)
        server_id = bot.guilds[0].id
        midori = ServerCharacter("midori", "Midori", "Tests")
        await beside.galleries.change(
            server_id, "pack", 0, "loaded a pack", now, characters=[midori]
        )
        head = write_head(Gallery.of({Character("midori", "Midori", ""): stages.look(GREEN)[None]}))

        async def swapped(change: Awaitable[object]) -> float:
            """Return the seconds until the bot names by another gallery."""
            before, begun = await bot.services.galleries.gallery(server_id), time.monotonic()
            await change

            async def other() -> bool:
                return await bot.services.galleries.gallery(server_id) is not before

            await eventually(other)
            return time.monotonic() - begun

        assert "**Midori**" not in (await answer(sandbox, bot, GREEN))[0]
        took = [
            await swapped(
                beside.versions.add(
                    server_id, "old", head, TrainingReport(), [], now, promoted=True
                )
            )
        ]
        assert "**Midori**" in (await answer(sandbox, bot, GREEN))[0]

        # In mid-work when the version is rolled back: answered as it was begun.
        stages.draw_gate.clear()
        begun = stages.embedded
        posted = await sandbox.member("ben").post("fan-art", files=[("a.png", GREEN)])

        async def looked_at() -> bool:
            return stages.embedded > begun

        await eventually(looked_at)
        took.append(await swapped(beside.versions.promote(server_id, None)))
        stages.draw_gate.set()
        assert "**Midori**" in text_of(await sandbox.answer_to(posted, PATIENCE_S))
        assert "**Midori**" not in (await answer(sandbox, bot, GREEN))[0]
        # Half a second between two looks; the rest is for a busy machine.
        assert max(took) < 5


def test_the_real_pair_survives_its_copy(models: Stages, tmp_path: Path) -> None:
    models.save_pair(tmp_path)
    again = models.load_pair(tmp_path)
    assert (again.backbone, again.model_version) == (models.backbone, models.model_version)
    crops = np.random.default_rng(0).integers(0, 256, (2, models.side, models.side, 3), np.uint8)
    assert np.allclose(again.embed([crops])[0], models.embed([crops])[0], atol=1e-5)
    (tmp_path / "naming.safetensors").unlink()
    with pytest.raises(StagesError, match="can't be read"):
        models.load_pair(tmp_path)
