"""Pictures by tag from a local board."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from bot.enrolment.found import PictureUnavailableError, SourceError
from bot.enrolment.sources.danbooru import LOOKED_AT, DanbooruSource
from tests.bot.enrolment.danbooru_server import LOGIN

if TYPE_CHECKING:
    import aiohttp

    from bot.enrolment.found import FoundCharacter, FoundPicture
    from tests.bot.enrolment.danbooru_server import DanbooruServer


def source(
    session: aiohttp.ClientSession, board: DanbooruServer, tag: str, **more: Any
) -> DanbooruSource:
    return DanbooruSource(session, tag, 1000, board=board.url, clock=board.clock, **more)


async def character_of(source: DanbooruSource) -> FoundCharacter:
    await source.open()
    (character,) = [character async for character in source.characters()]
    return character


async def pictures_of(source: DanbooruSource) -> list[FoundPicture]:
    character = await character_of(source)
    return [picture async for picture in source.pictures(character)]


@pytest.mark.parametrize(
    ("tag", "name", "series"),
    [
        ("hatsune_miku", "Hatsune Miku", ""),
        ("Hatsune Miku", "Hatsune Miku", ""),
        ("rin_(fate)", "Rin", "Fate"),
        ("2b_(nier:automata)", "2b", "Nier:automata"),
        ("hk416_(girls'_frontline)", "Hk416", "Girls' Frontline"),
    ],
)
async def test_a_tag_gives_a_name(
    session: aiohttp.ClientSession, board: DanbooruServer, tag: str, name: str, series: str
) -> None:
    found = await character_of(source(session, board, tag))

    assert (found.name, found.series) == (name, series)
    assert found.tag == tag.casefold().replace(" ", "_")


@pytest.mark.parametrize("tag", ["rating:explicit", "-solo", "miku*", "order:score", "", "~a"])
async def test_what_is_no_tag_is_refused(
    session: aiohttp.ClientSession, board: DanbooruServer, tag: str
) -> None:
    with pytest.raises(SourceError, match="not the name of one tag"):
        await source(session, board, tag).open()


async def test_only_solo_pictures_of_general_rating_are_asked_for(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    wanted = board.post("miku", "a.jpg")
    board.post("miku", "b.jpg", rating="s")
    board.post("miku", "c.jpg", tag_string_general="2girls", tag_string="2girls miku")
    board.post("miku", "d.jpg", is_deleted=True)
    board.post("miku", "e.jpg", is_banned=True)
    board.post("miku", "f.mp4")
    board.post("miku", "g.jpg", file_url=None, large_file_url=None)
    board.post("rin", "h.jpg")
    found = await pictures_of(source(session, board, "miku"))

    assert [picture.ref for picture in found] == [f"{board.url}/posts/{wanted}"]
    assert board.searches == [{"tags": "miku solo rating:general", "limit": "100"}]


async def test_the_smaller_file_is_taken_where_it_is_a_picture(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    board.post("miku", "full.png", large_file_url=f"{board.url}/data/sample.jpg")
    board.post("miku", "full.gif", large_file_url=f"{board.url}/data/sample.webm")
    found = await pictures_of(source(session, board, "miku"))

    assert [picture.at.rpartition("/")[2] for picture in found] == ["full.gif", "sample.jpg"]


async def test_other_ratings_are_asked_for_where_wanted(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for rating in "gsqe":
        board.post("miku", f"{rating}.jpg", rating=rating)
    found = await pictures_of(source(session, board, "miku", ratings=("general", "sensitive")))

    assert [picture.at[-5] for picture in found] == ["s", "g"]
    assert board.searches[0]["tags"] == "miku solo rating:general,sensitive"


async def test_pages_go_on_below_the_last_id(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(150):  # 100 of them hidden from who asks
        post = board.post("miku", f"{number}.jpg")
        if number >= 50:
            board.posts[post - 1000] |= {"file_url": None, "large_file_url": None}
    found = await pictures_of(source(session, board, "miku"))

    assert [picture.at.rpartition("/")[2] for picture in found][:2] == ["49.jpg", "48.jpg"]
    assert [search.get("page") for search in board.searches] == [None, "b1050"]


async def test_no_more_are_looked_at_than_need_be(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(250):
        board.post("miku", f"{number}.jpg")

    assert len(await pictures_of(source(session, board, "miku"))) == LOOKED_AT
    assert len(board.searches) == 1


async def test_one_request_a_second_files_included(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    for number in range(10):
        board.pictures[f"{number}.jpg"] = b"a picture"
        board.post("miku", f"{number}.jpg")
    asked = source(session, board, "miku")
    for picture in await pictures_of(asked):
        assert await asked.fetch(picture) == b"a picture"

    assert len(board.downloads) == 10
    assert board.too_fast == 0
    assert board.clock.waited >= 10


async def test_a_board_of_fewer_tags_is_searched_by_one(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    board.tag_limit = 1
    board.post("miku", "a.jpg")
    board.post("miku", "b.jpg", tag_string_general="2girls", tag_string="2girls miku")
    found = await pictures_of(source(session, board, "miku"))

    assert [picture.at.rpartition("/")[2] for picture in found] == ["a.jpg"]
    assert [search["tags"] for search in board.searches] == [
        "miku solo rating:general",
        "miku rating:general",
    ]


async def test_another_refusal_is_said(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    board.faults = [(422, {})]

    with pytest.raises(SourceError, match="refused to search for miku: status 422"):
        await pictures_of(source(session, board, "miku"))


async def test_a_throttle_is_waited_for_as_told(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    board.faults = [(429, {"Retry-After": "7"}), (500, {})]
    board.post("miku", "a.jpg")

    assert len(await pictures_of(source(session, board, "miku"))) == 1
    assert 11 <= board.clock.waited <= 13


async def test_a_key_goes_to_the_api_alone_and_is_never_told(
    session: aiohttp.ClientSession, board: DanbooruServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    board.pictures["a.jpg"] = b"a picture"
    board.post("miku", "a.jpg")
    board.faults = [(500, {})]
    asked = source(session, board, "miku", auth=LOGIN)
    (picture,) = await pictures_of(asked)
    await asked.fetch(picture)

    assert board.with_key == ["/posts.json"]
    assert LOGIN[1] not in caplog.text


async def test_a_wrong_key_is_said_without_it(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    asked = source(session, board, "miku", auth=("erika", "wrong-key"))

    with pytest.raises(SourceError, match="Invalid API key; check") as caught:
        await pictures_of(asked)
    assert "wrong-key" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd.jpg",
        "http://[nowhere/b.jpg",
        "/data/a.jpg",
        "http://cdn.example.com/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://[::ffff:10.0.0.1]/a.jpg",
        "https://[64:ff9b::7f00:1]/a.jpg",
        "https://169.254.169.254/latest/a.jpg",
        "https://192.168.1.1/a.jpg",
    ],
)
async def test_files_of_private_addresses_are_not_asked_for(
    session: aiohttp.ClientSession, board: DanbooruServer, address: str
) -> None:
    board.post("miku", "a.jpg", large_file_url=address)
    asked = source(session, board, "miku")
    (picture,) = await pictures_of(asked)

    with pytest.raises(PictureUnavailableError, match="not a public one of https"):
        await asked.fetch(picture)


async def test_a_name_that_leads_to_a_private_address_is_not_followed_there(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    connections: list[asyncio.StreamWriter] = []
    private = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1")
    port = private.sockets[0].getsockname()[1]
    board.post("miku", "a.jpg", large_file_url=f"https://localhost:{port}/a.jpg")
    asked = source(session, board, "miku")
    (picture,) = await pictures_of(asked)

    async with private:
        with pytest.raises(PictureUnavailableError, match="at no public address"):
            await asked.fetch(picture)
    assert not connections


async def test_a_redirect_is_not_followed(
    session: aiohttp.ClientSession, board: DanbooruServer
) -> None:
    board.pictures["b.jpg"] = b"something private"
    board.redirects["a.jpg"] = f"{board.url}/data/b.jpg"
    board.post("miku", "a.jpg")
    asked = source(session, board, "miku")
    (picture,) = await pictures_of(asked)

    with pytest.raises(PictureUnavailableError, match="answered with 302"):
        await asked.fetch(picture)
    assert board.downloads == ["a.jpg"]
