"""Galleries are built once for each revision, whoever moves it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.feedback.labels import Labelling
from bot.gallery import server_galleries
from bot.gallery.samples import EnrolmentSample
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.teaching import Teaching
from bot.storage import Storage
from bot.storage.crops import CropStore
from models.gallery.gallery import Gallery
from models.types import Box, Character, Face, Guess, NamedFace, Tier
from tests.bot.labelled_server import BACKBONE, SERVER
from tests.models.gallery.world import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

UP, ACROSS = np.eye(2, dtype=np.float32)
SHIPPED_GALLERY = Gallery.of(dict.fromkeys(SHIPPED, UP[None]))


@pytest.fixture
def galleries(storage: Storage) -> ServerGalleries:
    return ServerGalleries(storage, characters=SHIPPED, shipped=SHIPPED_GALLERY, backbone=BACKBONE)


@pytest.fixture
def teaching(storage: Storage, galleries: ServerGalleries, tmp_path: Path) -> Teaching:
    labelling = Labelling(storage.faces, storage.votes, storage.labels, galleries.roster)
    return Teaching(storage, CropStore(tmp_path / "crops"), galleries.roster, labelling.relearn)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the servers whose galleries were built, in order."""
    built: list[int] = []
    read = server_galleries.read_server

    async def counted(storage: Storage, server_id: int, *rest: object) -> object:
        built.append(server_id)
        return await read(storage, server_id, *rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(server_galleries, "read_server", counted)
    return built


def sample(phash: str) -> EnrolmentSample:
    crop = np.zeros((8, 8, 3), np.uint8)
    guess = Guess(SHIPPED[0], 0.1)
    face = NamedFace(Face(Box(0, 0, 8, 8), 1.0), (guess,), Tier.NOT_KNOWN, ACROSS, crop)
    return EnrolmentSample(face, phash, BACKBONE)


async def test_what_teach_builds_is_what_the_next_pictures_are_named_by(
    galleries: ServerGalleries, teaching: Teaching, builds: list[int]
) -> None:
    await galleries.gallery(SERVER)
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    taught = await galleries.gallery(SERVER)
    roster = await galleries.roster(SERVER)
    assert taught is not None
    assert [c.name for c in taught.characters[len(SHIPPED) :]] == ["Aoi"]
    for _ in range(3):
        assert await galleries.gallery(SERVER) is taught
        assert await galleries.roster(SERVER) is roster
    assert builds == [SERVER] * 2


async def test_one_server_does_not_throw_away_what_another_has(
    galleries: ServerGalleries, teaching: Teaching
) -> None:
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    taught = await galleries.gallery(SERVER)
    await teaching.teach(SERVER + 1, 1, "Midori", "Own", [sample("0e")])
    assert await galleries.gallery(SERVER) is taught


async def test_an_erasure_drops_what_it_concerns_and_nothing_else(
    galleries: ServerGalleries, teaching: Teaching, storage: Storage
) -> None:
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    await teaching.teach(SERVER + 1, 2, "Midori", "Own", [sample("0e")])
    erased, kept = await galleries.gallery(SERVER), await galleries.gallery(SERVER + 1)
    await storage.exemplars.erase([e.id for e in await storage.exemplars.by_user(1)])
    await galleries.drop_stale()
    assert await galleries.gallery(SERVER + 1) is kept
    assert await galleries.gallery(SERVER) is not erased


async def test_a_server_that_was_erased_begins_anew(
    galleries: ServerGalleries, teaching: Teaching, storage: Storage
) -> None:
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    assert (await galleries.roster(SERVER)).find("Aoi") is not None
    await storage.servers.erase_learned(SERVER)
    galleries.forget_server(SERVER)
    assert (await galleries.roster(SERVER)).find("Aoi") is None


async def test_what_another_process_writes_is_seen_by_the_next_who_asks(
    galleries: ServerGalleries, teaching: Teaching, tmp_path: Path
) -> None:
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    before = await galleries.gallery(SERVER)
    async with Storage.open(tmp_path / "moedex.db", exclusive=False) as beside:
        other = ServerGalleries(beside, characters=SHIPPED, shipped=None, backbone=BACKBONE)
        labelling = Labelling(beside.faces, beside.votes, beside.labels, other.roster)
        elsewhere = Teaching(beside, CropStore(tmp_path / "crops"), other.roster, labelling.relearn)
        await elsewhere.teach(SERVER, 2, "Midori", "Own", [sample("0e")])
    after = await galleries.gallery(SERVER)
    assert before is not None
    assert after is not None
    assert {c.name for c in after.characters} - {c.name for c in before.characters} == {"Midori"}


async def enrol(storage: Storage, key: str, name: str, source: str = "folder:mine") -> None:
    """Enrol a character by one drawing that shows it as `ACROSS`."""
    now = datetime.now(UTC)
    character = Character(key, name, "Show", "", ("Nickname",))
    number = await storage.enrolled.source(source, source, now)
    enrolment = await storage.enrolled.begin(number, key, character, BACKBONE, now, known=False)
    await storage.enrolled.add_sample(enrolment.id, "0.png", ACROSS, "", now)
    (sample,) = await storage.enrolled.samples_of(enrolment.id)
    await storage.enrolled.finish(enrolment.id, [sample.id], ACROSS, now)


async def test_what_is_enrolled_beside_it_is_named_in_all_servers_and_dms(
    galleries: ServerGalleries, teaching: Teaching, tmp_path: Path, storage: Storage
) -> None:
    await teaching.teach(SERVER, 1, "Aoi", "Own", [sample("0f")])
    assert await galleries.gallery(None) is None
    async with Storage.open(tmp_path / "moedex.db", exclusive=False) as beside:
        await enrol(beside, "akane", "Akane")
    for server_id, names in ((None, ["Akane"]), (SERVER, ["Akane", "Aoi"]), (99, ["Akane"])):
        gallery = await galleries.gallery(server_id)
        assert gallery is not None
        assert [c.name for c in gallery.characters[len(SHIPPED) :]] == names
        assert gallery is await galleries.gallery(server_id)
    found = (await galleries.roster(SERVER)).find("nickname")
    assert found is not None
    assert found.id == "akane"
    async with Storage.open(tmp_path / "moedex.db", exclusive=False) as beside:
        await beside.enrolled.remove_source("folder:mine", datetime.now(UTC))
    assert await galleries.gallery(None) is None
    assert await galleries.gallery(99) is None
    assert (await galleries.roster(SERVER)).find("nickname") is None


async def test_who_is_known_is_named_by_more(galleries: ServerGalleries, storage: Storage) -> None:
    known = SHIPPED[3]
    await enrol(storage, known.id, "another spelling")
    gallery = await galleries.gallery(None)
    assert gallery is not None
    assert gallery.characters == SHIPPED
    assert gallery.counts[3] == 2
    assert gallery.centroids[3] @ ACROSS > 0.5


async def test_what_another_backbone_made_names_nobody(
    galleries: ServerGalleries, storage: Storage
) -> None:
    await enrol(storage, "akane", "Akane")
    galleries.backbone = "b2"
    assert await galleries.gallery(None) is None
