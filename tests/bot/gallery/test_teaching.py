"""Changes of a gallery that come at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.feedback.labels import Labelling
from bot.gallery.lookup import TeachingError
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.teaching import Teaching
from bot.storage.crops import CropStore
from bot.storage.records import Alias, Rename, TeachCharacter
from tests.bot.labelled_server import BACKBONE, SERVER
from tests.models.gallery.world import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

    from bot.storage import Storage


@pytest.fixture
def teaching(storage: Storage, tmp_path: Path) -> Teaching:
    galleries = ServerGalleries(storage, characters=SHIPPED, shipped=None, backbone=BACKBONE)
    labelling = Labelling(storage.faces, storage.votes, storage.labels, galleries.roster)
    return Teaching(storage, CropStore(tmp_path), galleries.roster, labelling.relearn)


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


@pytest.mark.parametrize("name", ["...", "||", "\u200b", " \u3164 "])
async def test_a_name_that_nobody_can_read_is_refused_at_every_door(
    teaching: Teaching, storage: Storage, name: str
) -> None:
    for act in (
        teaching.teach(SERVER, 1, name, "", []),
        teaching.alias(SERVER, 1, SHIPPED[0].id, name),
        teaching.rename(SERVER, 1, SHIPPED[0].id, name),
        teaching.propose(SERVER, 1, TeachCharacter(name)),
        teaching.propose(SERVER, 1, Alias(SHIPPED[0].id, name)),
        teaching.propose(SERVER, 1, Rename(SHIPPED[0].id, name)),
    ):
        with pytest.raises(TeachingError, match="at least one letter or digit"):
            await act
    assert await storage.galleries.characters(SERVER) == []
    assert await storage.proposals.waiting(SERVER) == []
