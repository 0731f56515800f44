"""Which pictures of a message count, and where their bytes may come from."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.config import load_config
from bot.errors import UserError
from bot.recognition import sources
from bot.recognition.sources import attachment_source, fetchable, sources_of
from tests.bot.discord_objects import attachment, channel, message

CONFIG = load_config(None)
PROXY = "https://images-ext-1.discordapp.net/external/x/https/example.com/cat.png"


def preview(
    kind: str = "image", url: str = "https://example.com/cat.png", proxy: str = PROXY
) -> Any:
    return discord.Embed.from_dict(
        {"type": kind, "url": url, "thumbnail": {"url": url, "proxy_url": proxy}}  # type: ignore[typeddict-item]
    )


def test_pictures_are_told_by_type_or_name() -> None:
    posted = message(
        channel(),
        attachment("a.png"),
        attachment("b.JPG", content_type=None),
        attachment("c.zip", content_type="application/zip"),
        attachment("d.mp4", content_type="video/mp4"),
    )
    assert [each.name for each in sources_of(posted, CONFIG)] == ["a.png", "b.JPG"]


def test_forwarded_pictures_count() -> None:
    snapshot = Mock(
        spec=discord.MessageSnapshot, attachments=[attachment("f.png")], embeds=[], content=""
    )
    posted = message(channel(), message_snapshots=[snapshot])
    assert [each.name for each in sources_of(posted, CONFIG)] == ["f.png"]


@pytest.mark.parametrize(("kind", "of_page"), [("image", False), ("article", True)])
def test_previews_of_pages_are_told_from_those_of_pictures(kind: str, of_page: bool) -> None:
    posted = message(channel(), embeds=[preview(kind)])
    assert [each.of_page for each in sources_of(posted, CONFIG)] == [of_page]


def test_spoilered_link_is_a_spoiler() -> None:
    posted = message(channel(), embeds=[preview()], content="||https://example.com/cat.png||")
    (source,) = sources_of(posted, CONFIG)
    assert source.name == "SPOILER_cat.png"
    assert source.title == "cat.png"


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
    ],
)
def test_only_discords_own_copies_are_fetched(url: str) -> None:
    assert not fetchable(url, CONFIG)
    posted = message(channel(), embeds=[preview(proxy=url)], content=url)
    assert sources_of(posted, CONFIG) == []


def test_configured_cdn_takes_the_place_of_discords() -> None:
    config = load_config(None, discord={"cdn": "http://127.0.0.1:5000"})
    assert fetchable("http://127.0.0.1:5000/x/cat.png", config)
    assert not fetchable("http://127.0.0.1:5001/x/cat.png", config)
    assert not fetchable("https://cdn.discordapp.com/a.png", config)


async def test_too_large_file_is_refused_unread() -> None:
    big = attachment("SPOILER_big.png", size=10**9)
    with pytest.raises(UserError, match=r"^big\.png is larger than 25 MB"):
        await attachment_source(big, CONFIG).read()
    big.read.assert_not_awaited()


async def test_vanished_file_is_one_sentence() -> None:
    gone = attachment("gone.png")
    gone.read = AsyncMock(side_effect=discord.NotFound(Mock(status=404, reason=""), "gone"))
    with pytest.raises(UserError, match=r"^gone\.png could not be fetched"):
        await attachment_source(gone, CONFIG).read()


async def test_file_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FETCH_SECONDS", 0.01)
    slow = attachment("slow.png")
    slow.read = AsyncMock(side_effect=asyncio.Event().wait)
    with pytest.raises(UserError, match=r"^slow\.png could not be fetched"):
        await attachment_source(slow, CONFIG).read()
