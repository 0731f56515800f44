"""`/teach series:` gives a server a series' cast, from a local AniList."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestServer

from bot.enrolment.sources import anilist as anilist_source
from tests.bot.enrolment.anilist_server import AniListServer
from tests.bot.enrolment.clock import FakeClock
from tests.bot.fakes import DistinctStages
from tests.e2e.conftest import shown
from tests.e2e.test_teaching import said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox import Sandbox
    from tests.e2e.conftest import Start


@pytest.fixture
async def anilist(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AniListServer]:
    """Return a local AniList that needn't be waited for."""
    monkeypatch.setattr(anilist_source, "API_INTERVAL_S", 0)
    monkeypatch.setattr(anilist_source, "PORTRAIT_INTERVAL_S", 0)
    served = AniListServer(FakeClock())
    async with TestServer(served.app()) as server:
        served.url = str(server.make_url("")).rstrip("/")
        served.pictures = {"face.jpg": b"1", "two.jpg": b"2", "none.jpg": b"0", "bad.jpg": b"bad"}
        yield served


async def test_a_moderator_teaches_a_cast_and_undoes_it(
    sandbox: Sandbox, start: Start, anilist: AniListServer
) -> None:
    anilist.character(1, "Marin", "face.jpg")  # of the tests' own series: not the known one
    anilist.character(2, "L Lawliet", "two.jpg", native="エル・ローライト", alternative=["Ryuzaki"])
    for number, picture in enumerate(("none.jpg", "bad.jpg", "gone.jpg"), 3):
        anilist.character(number, f"Nobody {number}", picture)
    async with start(DistinctStages(), roster={"anilist": anilist.url}) as bot:
        ann, server_id = sandbox.member("ann"), bot.guilds[0].id
        taught = await ann.slash("general", "teach", {"series": "Death Note"})
        text = await said(taught)
        assert "I know 2 characters of Death Note in this server now" in text
        assert "Marin, L Lawliet" in text
        assert "3 portraits showed no face" in text
        roster = await bot.services.galleries.roster(server_id)
        found = roster.find("Ryuzaki")
        assert found is not None
        assert (found.name, found.series, found.native_name) == (
            "L Lawliet",
            "Death Note",
            "エル・ローライト",
        )
        exemplars = await bot.services.storage.exemplars.in_use(server_id)
        assert [(e.source, e.crop, e.user_id) for e in exemplars] == [("pack", None, 0)] * 2
        again = await ann.slash("general", "teach", {"series": "1535"})
        assert "2 of them I knew before" in await said(again)
        await ann.press(again.answers[0], "Undo")
        undone = await ann.press(taught.answers[0], "Undo")
        assert "Undone" in await said(undone)
        assert (await bot.services.galleries.roster(server_id)).find("Ryuzaki") is None


async def test_what_cannot_be_taught_is_said(
    sandbox: Sandbox, start: Start, anilist: AniListServer
) -> None:
    async with start(DistinctStages(), roster={"anilist": anilist.url}) as bot:
        ann, ben = sandbox.member("ann"), sandbox.member("ben")
        unknown = await ann.slash("general", "teach", {"series": "Nothing Of The Kind"})
        assert "no series “Nothing Of The Kind”" in await said(unknown)
        nobody = await ann.slash("general", "teach", {"series": "Death Note"})
        assert "no drawn face in the portraits of Death Note" in await said(nobody)
        member = await ben.slash("general", "teach", {"series": "Death Note"})
        assert "Only moderators" in await said(member)
        without_picture = await ann.slash("general", "teach", {"name": "Aoi"})
        assert "Say who it is and add a picture" in await said(without_picture)
        assert not await bot.services.storage.exemplars.in_use(bot.guilds[0].id)


async def test_the_operator_may_switch_it_off(sandbox: Sandbox, start: Start) -> None:
    async with start(DistinctStages(), roster={"teach_series": False}):
        refused = await sandbox.member("ann").slash("general", "teach", {"series": "Death Note"})
        assert "switched `/teach series:` off" in (await shown(refused)).content
