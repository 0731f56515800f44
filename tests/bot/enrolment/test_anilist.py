"""A series' cast from a local AniList."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.enrolment.found import PictureUnavailableError, SourceError
from bot.enrolment.sources.anilist import AniListSource

if TYPE_CHECKING:
    import aiohttp

    from bot.enrolment.found import FoundCharacter
    from tests.bot.enrolment.anilist_server import AniListServer

MOST = 1000


def source(session: aiohttp.ClientSession, server: AniListServer, asked: str) -> AniListSource:
    return AniListSource(session, asked, MOST, api=server.url, clock=server.clock)


async def cast_of(source: AniListSource) -> list[FoundCharacter]:
    await source.open()
    return [character async for character in source.characters()]


async def test_names_and_links_come_as_anilist_writes_them(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.character(
        71, "L Lawliet", "l.jpg", native="エル・ローライト", alternative=["L", "Ryuzaki", None, ""]
    )
    asked = source(session, anilist, "death note")
    (found,) = await cast_of(asked)

    assert asked.key == "anilist:1535"
    assert (found.name, found.series) == ("L Lawliet", "Death Note")
    assert found.native_name == "エル・ローライト"
    assert found.aliases == ("L", "Ryuzaki")
    assert found.link == "https://anilist.co/character/71"


async def test_all_pages_of_a_cast_are_read(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    for number in range(60):
        anilist.character(number, f"Somebody {number}", "x.jpg")
    found = await cast_of(source(session, anilist, "1535"))

    assert [character.ref for character in found] == [str(number) for number in range(60)]
    assert [asked["variables"].get("page") for asked in anilist.asked] == [None, 1, 2, 3]


@pytest.mark.parametrize(
    "asked", ["https://anilist.co/anime/1535/Death-Note/", "anilist.co/manga/1535"]
)
async def test_a_series_is_found_by_its_address(
    session: aiohttp.ClientSession, anilist: AniListServer, asked: str
) -> None:
    anilist.character(71, "L Lawliet", "l.jpg")

    assert len(await cast_of(source(session, anilist, asked))) == 1
    assert anilist.asked[0]["variables"] == {"id": 1535}


async def test_who_has_no_portrait_is_left_out(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.character(1, "Nobody", None)
    anilist.character(2, "An outline", "default.jpg")
    anilist.character(3, "Near", "near.jpg")

    assert [c.name for c in await cast_of(source(session, anilist, "1535"))] == ["Near"]


async def test_an_unknown_series_is_said(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    with pytest.raises(SourceError, match="no series “Nothing Of The Kind”"):
        await source(session, anilist, "Nothing Of The Kind").open()


async def test_the_limit_of_requests_is_kept(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    for number in range(25 * 70):
        anilist.character(number, f"Somebody {number}", "x.jpg")
    found = await cast_of(source(session, anilist, "1535"))

    assert len(found) == 25 * 70
    assert anilist.refused == 0
    assert anilist.clock.waited >= 2 * 69


async def test_who_is_refused_for_asking_too_often_waits_as_told(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.limit = 10  # less than is published
    for number in range(25 * 15):
        anilist.character(number, f"Somebody {number}", "x.jpg")
    found = await cast_of(source(session, anilist, "1535"))

    assert len(found) == 25 * 15
    assert anilist.refused == 1


async def test_trouble_that_passes_is_waited_for(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.faults = [502, 503]
    anilist.character(71, "L Lawliet", "l.jpg")

    assert len(await cast_of(source(session, anilist, "1535"))) == 1


async def test_trouble_that_stays_is_said(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.faults = [502] * 20

    with pytest.raises(SourceError, match="can't be reached: it answered 502"):
        await source(session, anilist, "1535").open()


async def test_a_refusal_is_said_in_anilists_words(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.faults = [403]

    with pytest.raises(SourceError, match="AniList refused: The AniList API has been temporarily"):
        await source(session, anilist, "1535").open()


async def test_portraits_are_downloaded_within_limits(
    session: aiohttp.ClientSession, anilist: AniListServer
) -> None:
    anilist.pictures = {"l.jpg": b"a portrait", "huge.jpg": bytes(MOST + 1)}
    for number, name in enumerate(("l.jpg", "huge.jpg", "gone.jpg")):
        anilist.character(number, name, name)
    asked = source(session, anilist, "1535")
    small, huge, gone = [
        await anext(asked.pictures(character)) for character in await cast_of(asked)
    ]

    assert await asked.fetch(small) == b"a portrait"
    with pytest.raises(PictureUnavailableError, match="more than"):
        await asked.fetch(huge)
    with pytest.raises(PictureUnavailableError, match="404"):
        await asked.fetch(gone)
