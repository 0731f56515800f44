"""The site with light stages, on a real storage, served on loopback."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest_asyncio
from yarl import URL

from bot.app import build_services
from bot.config import Config, load_config
from bot.connection import log_in, pointed_at
from bot.inference import InferenceWorker
from bot.services import Services
from bot.storage import Storage
from sandbox import Member, Sandbox
from sandbox.state.entities import Channel, Overwrite
from sandbox.state.permissions import Permission
from tests.bot.fakes import ListingStages
from web.app import serving
from web.site import Site


@dataclass
class Served:
    """A running site: its address, its stages, and a client."""

    url: str
    stages: ListingStages
    client: aiohttp.ClientSession
    config: Config = field(repr=False)
    services: Services = field(repr=False)
    bot: discord.Client = field(repr=False)

    async def upload(self, data: bytes, name: str = "a.png") -> tuple[int, dict[str, Any]]:
        """Upload a picture as a form; return status and answer."""
        form = aiohttp.FormData()
        form.add_field("image", data, filename=name)
        async with self.client.post(f"{self.url}api/v1/identify", data=form) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and JSON of a path below the site's address."""
        async with self.client.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def served(
    folder: Path,
    stages: ListingStages | None = None,
    sandbox: Sandbox | None = None,
    *,
    token: str = "",
    beside_chat: bool = True,
    database: str | None = None,
    **web: Any,
) -> AsyncIterator[Served]:
    """Serve a site whose `[web]` section has these keys; people of a sandbox can sign in on it.

    `token` is that of /metrics; `beside_chat` as in `Site`; `database` is a URL, by default that of
    a file in `folder`.
    """
    discord_section = {} if sandbox is None else sandbox.discord_section
    if sandbox is not None:
        web = {**sandbox.application(), **web}
    config = load_config(
        None,
        discord=discord_section,
        web={"listen": "127.0.0.1:0", **web},
        metrics={"token": token},
        learning={"crops": str(folder / "crops")} if database else {},
    )
    stages = stages or ListingStages()
    async with (
        Storage.open(database or folder / "site.db") as storage,
        InferenceWorker(lambda: stages, config.inference) as worker,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
        discord.Client(intents=discord.Intents(guilds=True)) as bot,
    ):
        with pointed_at(config.discord):
            if sandbox is not None:
                await log_in(bot, config.discord, sandbox.bot_token)
            services = build_services(config, storage, worker, bot)
            try:
                async with serving(Site(services, bot, beside_chat), "127.0.0.1", 0) as url:
                    if sandbox is not None:
                        sandbox.application(f"{url}signed-in")
                    yield Served(url, stages, client, config, services, bot)
            finally:
                await services.close()


async def authorized(site: Served, member: Member, path: str = "sign-in") -> URL:
    """Begin to sign in, and say yes as a member; return where that leads back to."""
    async with site.client.get(f"{site.url}{path}", allow_redirects=False) as begun:
        assert begun.status == 303
        asked = URL(begun.headers["Location"], encoded=True)
    async with site.client.post(
        asked, data={"user": str(member.id)}, allow_redirects=False
    ) as said:
        assert said.status == 302
        return URL(said.headers["Location"], encoded=True)


async def sign_in(site: Served, member: Member, path: str = "sign-in") -> str:
    """Sign the site's client in as a member of the sandbox; return where that led."""
    back = await authorized(site, member, path)
    async with site.client.get(back, allow_redirects=False) as done:
        assert done.status == 303, await done.text()
        return done.headers["Location"]


async def csrf_of(site: Served) -> str:
    """Return the token that the client's changing requests must carry."""
    async with site.client.get(site.url) as page:
        found = re.search(r'<meta name="csrf" content="(\w+)">', await page.text())
    assert found is not None, "nobody is signed in"
    return found[1]


def hide(sandbox: Sandbox, channel: Channel) -> None:
    """Let a channel's owner and the bot alone see it."""
    everybody, bot = sandbox.server.id, sandbox.bot.id
    channel.overwrites[everybody] = Overwrite(everybody, False, deny=Permission.VIEW_CHANNEL)
    channel.overwrites[bot] = Overwrite(bot, True, allow=Permission.VIEW_CHANNEL)


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Served]:
    """Return a running site."""
    async with served(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a running local Discord."""
    async with Sandbox() as running:
        yield running
