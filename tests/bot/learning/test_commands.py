"""`moedex learn`, `moedex model` and `moedex dataset` on a real database with the shipped names."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.learning.backbone_migration import ANSWERING
from bot.storage import Storage
from bot.storage.records import FaceLabel, Label, ServerCharacter
from models.embedding.embedder import version_of
from models.gallery.namer import Namer
from models.gallery.training_vectors import VectorSet
from tests.bot.recorded_faces import answer_with_face, record_face

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

SERVER = 77
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def own_faces(seed: int, count: int) -> np.ndarray:
    dimensions = Namer.load().gallery.centroids.shape[1]
    centre = np.random.default_rng(seed).normal(size=dimensions)
    noise = np.random.default_rng(seed + 1).normal(size=(count, dimensions))
    rows = centre + 0.3 * noise
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


async def fill(file: Path, backbone: str) -> None:
    async with Storage.open(file) as storage:
        await label_faces(storage, SERVER, backbone)


async def label_faces(storage: Storage, server_id: int, backbone: str) -> None:
    """Let a server learn, with twelve settled faces of a character of its own."""
    await storage.consents.set_learning(server_id, 1, START, on=True)
    await storage.galleries.change(
        server_id, "teach", 5, "taught", START, characters=[ServerCharacter("aoi", "Aoi", "Own")]
    )
    for number, vector in enumerate(own_faces(3, 12), 1):
        answer = answer_with_face(number, server_id, START)
        seen = await record_face(storage, answer, vector=vector, backbone=backbone)
        label = FaceLabel(seen.id, "settled", Label.of("aoi"), None, datetime.now(UTC))
        await storage.labels.set([label], "test")


@pytest.fixture
def moedex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    file = tmp_path / "moedex.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOEDEX_STORAGE__URL", f"sqlite+aiosqlite:///{file}")
    monkeypatch.setattr("os.nice", lambda _: 0)  # the rest of the tests keeps its pace
    asyncio.run(fill(file, version_of()))
    return CliRunner()


def test_learn_then_list_show_roll_back_and_promote(moedex: CliRunner) -> None:
    trained = moedex.invoke(app, ["learn", "--json"])
    assert trained.exit_code == 0, trained.output
    *steps, outcome = map(json.loads, trained.stdout.splitlines())
    assert [step["step"].split()[0] for step in steps] == ["fitting", "calibrating", "measuring"]
    assert {step["server"] for step in steps} == {SERVER}
    assert outcome["promoted"], outcome
    assert outcome["version"] == 1

    listed = moedex.invoke(app, ["model", "list"])
    assert f"Server {SERVER}: version 1 answers." in listed.stdout
    shown = moedex.invoke(app, ["model", "show", "1"])
    assert "12 labelled faces of 1 character," in shown.stdout
    assert "against the first version" in shown.stdout

    back = moedex.invoke(app, ["model", "rollback"])
    assert back.stdout.strip() == f"Server {SERVER}: back from version 1 to the shipped names."
    again = moedex.invoke(app, ["model", "rollback"])
    assert again.exit_code == 1
    assert "answer already" in again.stderr
    promoted = moedex.invoke(app, ["model", "promote", "1", "--server", str(SERVER)])
    assert promoted.stdout.strip() == f"Server {SERVER}: version 1 answers from now on."
    missing = moedex.invoke(app, ["model", "show", "5"])
    assert missing.exit_code == 1
    assert "no version 5 (there are: 1)" in missing.stderr

    nothing = moedex.invoke(app, ["learn"])
    assert nothing.exit_code == 0
    assert "Nothing changed" in nothing.stdout


def test_the_shipped_vectors_are_trained_beside(
    moedex: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of `moedex train` is used where it is of this backbone, the gallery elsewhere."""
    gallery = Namer.load().gallery
    file = tmp_path / "vectors.safetensors"
    monkeypatch.setattr("models.gallery.training_vectors.VECTORS_FILE", file)
    labels = tuple(character.id for character in gallery.characters[:40])
    small = VectorSet(gallery.centroids[:40], labels, tuple(range(40)))
    small.save(file, "another")
    assert vectors_of(moedex.invoke(app, ["learn"]), moedex) == len(gallery.characters)
    small.save(file, version_of())
    add_a_label(tmp_path)
    assert vectors_of(moedex.invoke(app, ["learn"]), moedex) == 40


def vectors_of(trained: Result, moedex: CliRunner) -> int:
    """Return how many shipped vectors the newest version was trained beside."""
    assert trained.exit_code == 0, trained.output
    listed = moedex.invoke(app, ["model", "list", "--json"]).stdout.splitlines()
    shown = moedex.invoke(app, ["model", "show", str(len(listed)), "--json"])
    return json.loads(shown.stdout)["report"]["shipped_vectors"]


def add_a_label(folder: Path) -> None:
    """Settle one more face, so that there is something new."""

    async def add() -> None:
        async with Storage.open(folder / "moedex.db") as storage:
            seen = await record_face(
                storage,
                answer_with_face(50, SERVER, START),
                phash="5050505050505050",
                vector=own_faces(3, 13)[12],
                backbone=version_of(),
            )
            label = FaceLabel(seen.id, "settled", Label.of("aoi"), None, datetime.now(UTC))
            await storage.labels.set([label], "test")

    asyncio.run(add())


def test_while_the_backbone_changes_nothing_is_trained(moedex: CliRunner, tmp_path: Path) -> None:
    async def change() -> None:
        async with Storage.open(tmp_path / "moedex.db") as storage:
            await storage.state.set(ANSWERING, "the one before")

    asyncio.run(change())
    told = moedex.invoke(app, ["learn", "--json"])
    assert told.exit_code == 0, told.output
    assert "backbone was exchanged" in json.loads(told.stdout)["nothing"]
    assert "No server has a version" in moedex.invoke(app, ["model", "list"]).stdout


def test_a_pack_from_one_server_to_the_next(moedex: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "own.moepack"
    packed = moedex.invoke(app, ["dataset", "pack", str(file)])
    assert packed.exit_code == 0, packed.output
    loaded = moedex.invoke(app, ["dataset", "load", str(file), "--server", "78"])
    assert "Server 78 has 1 character from" in loaded.stdout
    unsure = moedex.invoke(app, ["dataset", "export", str(tmp_path / "out")])
    assert unsure.exit_code == 1
    assert "one of 77, 78" in unsure.stderr
    # No crop is kept here: what is written is the manifest alone.
    done = moedex.invoke(app, ["dataset", "export", str(tmp_path / "out"), "--server", "77"])
    assert "0 faces" in done.stdout
