"""The enrolment job: what is kept, what is left out, and going on where it was."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.enrolment.found import SourceError
from bot.enrolment.job import GIVE_UP, EnrolmentJob
from bot.enrolment.joining import Joining
from bot.enrolment.sources.anilist import AniListSource
from bot.enrolment.sources.danbooru import PICTURES, DanbooruSource
from bot.enrolment.sources.folder import FolderSource
from bot.enrolment.sources.pack import PackSource
from models.gallery.enrolled import centre
from models.gallery.packs import Pack
from tests.bot.enrolment.conftest import DIMENSIONS, MIKU, StubReader, face

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from bot.storage import Storage
    from tests.bot.enrolment.anilist_server import AniListServer
    from tests.bot.enrolment.danbooru_server import DanbooruServer


def cast(session: aiohttp.ClientSession, server: AniListServer) -> AniListSource:
    return AniListSource(session, "1535", 1000, api=server.url, clock=server.clock)


def tagged(session: aiohttp.ClientSession, board: DanbooruServer, tag: str) -> DanbooruSource:
    return DanbooruSource(session, tag, 1000, board=board.url, clock=board.clock)


async def test_a_cast_is_enrolled_by_its_portraits(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.pictures = {"l.jpg": face(1), "misa.jpg": face(2), "apple.jpg": b"an apple"}
    anilist.character(71, "L Lawliet", "l.jpg", native="エル", alternative=["Ryuzaki"])
    anilist.character(81, "Misa Amane", "misa.jpg")
    anilist.character(91, "Ryuk", "apple.jpg")
    report = await job.run(cast(session, anilist))

    assert (report.characters, report.enrolled, report.new) == (3, 2, 2)
    assert report.without == ["Ryuk"]
    assert report.skipped == {"no face found": 1}
    centroids = await storage.enrolled.centroids("first")
    assert [(c.character_id, int(c.vector.argmax()), c.samples) for c in centroids] == [
        ("l_lawliet", 1, 1),
        ("misa_amane", 2, 1),
    ]
    (l_lawliet, *_) = await storage.enrolled.characters()
    assert l_lawliet.aliases == ("Ryuzaki",)
    assert l_lawliet.link == "https://anilist.co/character/71"
    (row, *_) = await storage.enrolled.summary()
    assert (row.source, row.done) == ("anilist:1535", True)


async def test_what_is_done_is_not_asked_for_again(
    job: EnrolmentJob, session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.pictures = {"l.jpg": face(1), "misa.jpg": face(2)}
    anilist.character(71, "L Lawliet", "l.jpg")
    await job.run(cast(session, anilist))
    anilist.character(81, "Misa Amane", "misa.jpg")  # joined later
    report = await job.run(cast(session, anilist))

    assert (report.before, report.enrolled) == (1, 1)
    assert anilist.downloads == ["l.jpg", "misa.jpg"]


async def test_twenty_pictures_of_a_tag_are_used(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(40):
        board.pictures[f"{number}.jpg"] = face(3, number) if number % 2 else b"a landscape"
        board.post("hatsune_miku", f"{number}.jpg")
    report = await job.run(tagged(session, board, "hatsune_miku"))

    assert (report.samples, report.new) == (PICTURES, 0)
    (centroid,) = await storage.enrolled.centroids("first")
    assert (centroid.character_id, centroid.samples) == (MIKU.id, PICTURES)
    assert float(np.linalg.norm(centroid.vector)) == pytest.approx(1, abs=1e-3)


async def test_outliers_are_left_out(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(10):
        board.pictures[f"{number}.jpg"] = face(5 if number in {2, 7} else 3, number)
        board.post("hatsune_miku", f"{number}.jpg")
    report = await job.run(tagged(session, board, "hatsune_miku"))

    assert (report.samples, report.outliers) == (8, 2)
    (centroid,) = await storage.enrolled.centroids("first")
    assert abs(float(centroid.vector[5])) < 0.2


async def test_an_enrolment_that_was_ended_goes_on(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(10):
        board.pictures[f"{number}.jpg"] = face(3, number)
        board.post("hatsune_miku", f"{number}.jpg")
    running = asyncio.create_task(job.run(tagged(session, board, "hatsune_miku")))
    async with board.downloaded:
        await board.downloaded.wait_for(lambda: len(board.downloads) >= 4)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await storage.enrolled.centroids("first") == []
    report = await job.run(tagged(session, board, "hatsune_miku"))

    assert report.samples == 10
    assert len(board.downloads) <= 11  # the one that was on its way may come twice
    assert set(board.downloads) == {f"{number}.jpg" for number in range(10)}


async def test_a_service_that_is_down_is_left_for_later(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(12):
        board.pictures[f"{number}.jpg"] = face(3, number)
        board.post("hatsune_miku", f"{number}.jpg")
    board.file_trouble = {f"{number}.jpg": 503 for number in range(10)}  # the older ones
    with pytest.raises(SourceError, match=f"{GIVE_UP} pictures in a row"):
        await job.run(tagged(session, board, "hatsune_miku"))
    board.file_trouble.clear()
    report = await job.run(tagged(session, board, "hatsune_miku"))

    assert report.samples == 12


async def test_two_sources_make_one_character_better(
    job: EnrolmentJob,
    storage: Storage,
    session: aiohttp.ClientSession,
    anilist: AniListServer,
    board: DanbooruServer,
) -> None:
    anilist.pictures = {"l.jpg": face(1)}
    anilist.character(71, "L Lawliet", "l.jpg")
    board.pictures = {"a.jpg": face(1, 1), "b.jpg": face(1, 2)}
    board.post("l_lawliet", "a.jpg")
    board.post("l_lawliet", "b.jpg")
    await job.run(cast(session, anilist))
    await job.run(tagged(session, board, "l_lawliet"))

    assert [(c.character_id, c.samples) for c in await storage.enrolled.centroids("first")] == [
        ("l_lawliet", 1),
        ("l_lawliet", 2),
    ]
    assert len(await storage.enrolled.characters()) == 1


async def test_a_folder_is_enrolled(job: EnrolmentJob, storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name, axis in (("VOCALOID/Hatsune Miku", 3), ("Death_Note/L_Lawliet", 1)):
        own = folder / name
        own.mkdir(parents=True)
        (own / "0.png").write_bytes(face(axis))
        (own / ".hidden").write_bytes(face(7))
    (folder / "Death_Note" / "notes.txt").write_text("not a character")
    report = await job.run(FolderSource(folder, 1000))

    assert (report.enrolled, report.new) == (2, 1)
    found = {row.character.id: row for row in await storage.enrolled.summary()}
    assert {
        key: (row.character.name, row.character.series, row.known) for key, row in found.items()
    } == {
        MIKU.id: ("Hatsune Miku", "VOCALOID", True),
        "l_lawliet": ("L Lawliet", "Death Note", False),
    }


async def test_new_pictures_in_a_folder_are_looked_at(
    job: EnrolmentJob, storage: Storage, tmp_path: Path
) -> None:
    own = tmp_path / "mine" / "Death Note" / "L Lawliet"
    own.mkdir(parents=True)
    (own / "0.png").write_bytes(face(1))
    await job.run(FolderSource(tmp_path / "mine", 1000))
    again = await job.run(FolderSource(tmp_path / "mine", 1000))
    (own / "1.png").write_bytes(face(1, 1))
    more = await job.run(FolderSource(tmp_path / "mine", 1000))

    assert (again.before, again.samples) == (1, 0)
    assert (more.before, more.samples) == (0, 2)
    (centroid,) = await storage.enrolled.centroids("first")
    assert centroid.samples == 2


async def test_an_empty_folder_is_said(job: EnrolmentJob, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nobody to learn"):
        await job.run(FolderSource(tmp_path, 1000))


async def test_a_pack_is_enrolled(job: EnrolmentJob, storage: Storage) -> None:
    character = {
        "id": "l", "name": "L Lawliet", "series": "Death Note", "native_name": "", "aliases": [],
        "faces": 9,
    }  # fmt: skip
    vectors = np.eye(DIMENSIONS, dtype=np.float32)[:2]
    pack = Pack("first", "a server's labels", (character,), vectors, (0, 0))
    report = await job.run_pack(PackSource(pack, "ours"))
    again = await job.run_pack(PackSource(pack, "ours"))

    assert (report.samples, again.samples) == (2, 2)
    (centroid,) = await storage.enrolled.centroids("first")
    assert centroid.samples == 2
    with pytest.raises(SourceError, match="mean nothing here"):
        await job.run_pack(PackSource(Pack("second", "", (), vectors, ()), "theirs"))


async def test_another_backbone_asks_again(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.pictures = {"l.jpg": face(1)}
    anilist.character(71, "L Lawliet", "l.jpg")
    await job.run(cast(session, anilist))
    newer = StubReader()
    newer.backbone = "second"
    report = await EnrolmentJob(storage, Joining([MIKU]), newer, centre).run(cast(session, anilist))

    assert report.enrolled == 1
    assert await storage.enrolled.centroids("first") == []
    assert len(await storage.enrolled.centroids("second")) == 1


async def test_what_is_removed_is_gone(
    job: EnrolmentJob, storage: Storage, session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.pictures = {"l.jpg": face(1), "misa.jpg": face(2)}
    anilist.character(71, "L Lawliet", "l.jpg")
    anilist.character(81, "Misa Amane", "misa.jpg")
    await job.run(cast(session, anilist))
    now = datetime.now(UTC)
    revision = (await storage.revisions.of(None)).enrolled

    assert await storage.enrolled.remove_character("l_lawliet", now)
    assert not await storage.enrolled.remove_character("l_lawliet", now)
    assert [c.id for c in await storage.enrolled.characters()] == ["misa_amane"]
    assert await storage.enrolled.remove_source("anilist:1535", now) == 1
    assert await storage.enrolled.remove_source("anilist:1535", now) == 0
    assert await storage.enrolled.summary() == []
    assert await storage.enrolled.centroids("first") == []
    assert await storage.enrolled.characters() == []
    assert (await storage.revisions.of(None)).enrolled == revision + 2


async def test_a_folder_that_is_no_name_is_refused(job: EnrolmentJob, tmp_path: Path) -> None:
    (tmp_path / "Show" / "__").mkdir(parents=True)
    with pytest.raises(SourceError, match="with a letter or a digit"):
        await job.run(FolderSource(tmp_path, 1000))
