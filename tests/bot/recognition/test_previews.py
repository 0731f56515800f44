"""Copies of linked pictures are fetched from Discord's CDN and from nowhere that it leads to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import load_config
from bot.errors import UserError
from bot.recognition.sources import Source, sources_of
from tests.bot.discord_objects import channel, message


@dataclass
class Cdn:
    """A CDN on loopback, and a server of somebody's network that it may lead to."""

    url: str = ""
    visits: list[str] = field(default_factory=list)

    def source(self, path: str) -> Source:
        link = "https://example.com/cat.png"
        embed = discord.Embed.from_dict(
            {"type": "image", "url": link, "thumbnail": {"url": link, "proxy_url": self.url + path}}  # type: ignore[typeddict-item]
        )
        config = load_config(None, discord={"cdn": self.url})
        (source,) = sources_of(message(channel(), embeds=[embed]), config)
        return source


@pytest.fixture
async def cdn() -> AsyncIterator[Cdn]:
    """Both servers, on loopback."""
    inner = web.Application()

    async def private(request: web.Request) -> web.Response:
        cdn.visits.append(request.path)
        return web.Response(body=b"private")

    inner.router.add_get("/private", private)
    async with TestServer(inner) as behind:
        outer = web.Application()

        async def leads_away(_: web.Request) -> web.Response:
            raise web.HTTPFound(behind.make_url("/private"))

        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(40):
                await response.write(bytes(2**20))
            return response

        async def picture(_: web.Request) -> web.Response:
            return web.Response(body=b"a picture")

        outer.router.add_get("/leads-away.png", leads_away)
        outer.router.add_get("/endless.png", endless)
        outer.router.add_get("/cat.png", picture)
        async with TestServer(outer) as server:
            cdn = Cdn(str(server.make_url("")).rstrip("/"))
            yield cdn


async def test_a_copy_is_fetched(cdn: Cdn) -> None:
    assert await cdn.source("/cat.png").read() == b"a picture"


async def test_a_redirect_is_not_followed(cdn: Cdn) -> None:
    with pytest.raises(UserError, match="could not be fetched"):
        await cdn.source("/leads-away.png").read()
    assert cdn.visits == []


async def test_a_copy_without_end_is_left(cdn: Cdn) -> None:
    with pytest.raises(UserError, match="larger than 25 MB"):
        await cdn.source("/endless.png").read()
