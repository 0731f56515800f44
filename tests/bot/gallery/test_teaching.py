"""Changes of a gallery that come at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.teaching import Teaching
from bot.storage.crops import CropStore
from bot.storage.records import TeachCharacter
from tests.bot.labelled_server import BACKBONE, SERVER
from tests.models.gallery.world import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

    from bot.storage import Storage


@pytest.fixture
def teaching(storage: Storage, tmp_path: Path) -> Teaching:
    galleries = ServerGalleries(storage, characters=SHIPPED, shipped=None, backbone=BACKBONE)
    return Teaching(storage, CropStore(tmp_path), galleries.roster)


async def test_two_new_names_at_once_are_two_characters(teaching: Teaching) -> None:
    teach = teaching.teach
    taught = await asyncio.gather(
        teach(SERVER, 1, "Aoi (tall)", "", []), teach(SERVER, 2, "Aoi tall!", "Show", [])
    )
    assert len({character.id for character, _ in taught}) == 2


async def test_a_proposal_is_carried_out_once(teaching: Teaching, storage: Storage) -> None:
    proposal = await teaching.propose(SERVER, 5, TeachCharacter("Aoi"))
    accept = teaching.accept
    done = await asyncio.gather(*(accept(SERVER, proposal.id, n) for n in (1, 2)))
    assert [action.summary for action in done if action] == ["taught Aoi, as proposed"]
    assert len(await storage.galleries.actions(SERVER)) == 1
