"""Where the bytes of a picture may come from, and what is read of a film."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import Config, load_config
from bot.errors import UserError
from bot.recognition.fetching import copied_bytes, fetchable
from bot.recognition.sources import attachment_source
from models.images.formats import is_video
from tests.bot.discord_objects import attachment

CONFIG = load_config(None)
FILM = b"\0\0\0\x20ftypisom" + bytes(200_000)
"""A film, larger than what is taken in."""
FRAME = b"\xff\xd8\xff the frame"


@pytest.fixture
async def cdn() -> AsyncIterator[TestServer]:
    """Return a CDN with a film, of which the proxy shows a frame, and things that go wrong."""

    async def film(request: web.Request) -> web.Response:
        framed = request.query.get("format") == "webp"
        return web.Response(body=FRAME if framed else FILM)

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/film.mp4")

    async def only(_: web.Request) -> web.Response:
        return web.Response(body=FILM)

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(5000))

    app = web.Application()
    app.router.add_get("/film.mp4", film)
    app.router.add_get("/only.mp4", only)
    app.router.add_get("/large.png", large)
    app.router.add_get("/elsewhere.png", elsewhere)
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
def config(cdn: TestServer) -> Config:
    """Return a configuration whose CDN is the one of this test."""
    return load_config(
        None, discord={"cdn": str(cdn.make_url("/")).rstrip("/")}, pictures={"max_bytes": 2000}
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://user@evil.example/cdn.discordapp.com",
        "file:///etc/passwd",
        "http://127.0.0.1:8080/a.png",
        "not a url",
        "https://[",
        "",
    ],
)
def test_only_discords_own_copies_are_fetched(url: str) -> None:
    assert not fetchable(url, CONFIG)


def test_configured_cdn_takes_the_place_of_discords() -> None:
    config = load_config(None, discord={"cdn": "http://127.0.0.1:5000"})
    assert fetchable("http://127.0.0.1:5000/x/cat.png", config)
    assert not fetchable("http://127.0.0.1:5001/x/cat.png", config)
    assert not fetchable("https://cdn.discordapp.com/a.png", config)


async def test_too_large_file_is_refused_unread() -> None:
    big = attachment("SPOILER_big.png", size=10**9)
    with pytest.raises(UserError, match=r"^big\.png is larger than 25 MB"):
        await attachment_source(big, CONFIG).read()


async def test_vanished_file_is_one_sentence(cdn: TestServer, config: Config) -> None:
    gone = attachment("gone.png", url=str(cdn.make_url("/nothing.png")))
    with pytest.raises(UserError, match=r"^gone\.png could not be fetched"):
        await attachment_source(gone, config).read()


@pytest.mark.parametrize("size", [60, 10**9])
async def test_of_a_film_the_frame_that_discord_shows_is_read(
    cdn: TestServer, config: Config, size: int
) -> None:
    film = attachment("film.mp4", content_type="video/mp4", size=size)
    film.url = film.proxy_url = str(cdn.make_url("/film.mp4"))
    assert await attachment_source(film, config).read() == FRAME
    assert await copied_bytes(film.proxy_url, "film.mp4", config) == FRAME
    only = str(cdn.make_url("/only.mp4"))
    assert len(await copied_bytes(only, "only.mp4", config)) < len(FILM)


async def test_a_film_without_a_frame_stays_one(cdn: TestServer, config: Config) -> None:
    film = attachment("only.mp4", content_type="video/mp4")
    film.url = film.proxy_url = str(cdn.make_url("/only.mp4"))
    assert is_video(await attachment_source(film, config).read())
    film.size = 10**9
    with pytest.raises(UserError, match=r"^only\.mp4 is larger"):
        await attachment_source(film, config).read()


async def test_a_picture_is_read_itself_whatever_it_is_called(
    cdn: TestServer, config: Config
) -> None:
    picture = attachment("film.mp4", content_type="video/mp4")
    picture.url = str(cdn.make_url("/film.mp4")) + "?format=webp"
    picture.proxy_url = str(cdn.make_url("/only.mp4"))
    assert await attachment_source(picture, config).read() == FRAME


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/large.png", r"^her\.png is larger than"),
        ("/elsewhere.png", "could not be fetched"),
        ("/nothing.png", "could not be fetched"),
    ],
)
async def test_copies_that_can_not_be_had(
    cdn: TestServer, config: Config, path: str, text: str
) -> None:
    with pytest.raises(UserError, match=text):
        await copied_bytes(str(cdn.make_url(path)), "SPOILER_her.png", config)
