"""Which pictures of a message count, in whatever a message may carry them."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.config import load_config
from bot.errors import UserError
from bot.recognition.sources import Source, attachment_source, sources_of
from tests.bot.discord_objects import attachment, channel, message

CONFIG = load_config(None)
CDN = "https://cdn.discordapp.com/attachments/1/2"
PROXY = "https://images-ext-1.discordapp.net/external/x/https/example.com/cat.png"


def preview(
    kind: str = "image", url: str = "https://example.com/cat.png", proxy: str = PROXY
) -> Any:
    return discord.Embed.from_dict(
        {"type": kind, "url": url, "thumbnail": {"url": url, "proxy_url": proxy}}  # type: ignore[typeddict-item]
    )


def sticker(kind: int, name: str = "wave") -> discord.StickerItem:
    data: Any = {"id": str(700 + kind), "name": name, "format_type": kind}
    return discord.StickerItem(state=Mock(), data=data)


def media(name: str, **more: Any) -> dict[str, Any]:
    return {"url": f"{CDN}/{name}?ex=1", "proxy_url": f"{CDN}/{name}", **more}


def component(kind: type, data: dict[str, Any]) -> Any:
    """Return a component as the client reads it from a message."""
    return kind(data, Mock())


GALLERY = {
    "type": 12,
    "items": [
        {"media": media("a.png"), "spoiler": False},
        {"media": media("b.png"), "spoiler": True},
        {"media": media("c.mp4", content_type="video/mp4")},
        {"media": {"url": "https://example.com/d.png", "proxy_url": PROXY}},
        {"media": {"url": "https://example.com/e.png"}},
    ],
}
SECTION = {
    "type": 9,
    "components": [{"type": 10, "content": "Miku"}],
    "accessory": {"type": 11, "media": media("side.png")},
}
BUTTON_SECTION = SECTION | {
    "accessory": {"type": 2, "style": 2, "label": "x", "custom_id": "x"},
}
FILE = {"type": 13, "file": media("page.png"), "name": "page.png"}
PAPER = {"type": 13, "file": media("notes.txt", content_type="text/plain"), "name": "notes.txt"}


def found(posted: Any, **options: bool) -> list[Source]:
    return sources_of(posted, CONFIG, **options)


def names(sources: list[Source]) -> list[str]:
    return [each.name for each in sources]


def test_every_file_may_be_a_picture_and_what_is_seen_as_one_comes_first() -> None:
    posted = message(
        channel(),
        attachment("c.zip", content_type="application/zip"),
        attachment("maki", content_type=None),
        attachment("a.png"),
        attachment("b.JPG", content_type=None),
        attachment("d.svg", content_type="image/svg+xml", width=10),
        attachment("e.mp4", content_type="video/mp4"),
    )
    assert names(found(posted)) == ["a.png", "b.JPG", "c.zip", "maki", "d.svg", "e.mp4"]
    assert names([each for each in found(posted) if each.shown]) == ["a.png", "b.JPG"]
    assert names([each for each in found(posted) if each.unasked]) == ["a.png", "b.JPG"]
    assert names([each for each in found(posted) if each.meant]) == ["a.png", "b.JPG"]


def test_whoever_asks_means_every_file_and_sticker_of_the_message() -> None:
    posted = message(
        channel(),
        attachment("c.zip", content_type="application/zip"),
        stickers=[sticker(3)],
        embeds=[preview()],
    )
    meant = [each for each in found(posted, asks=True) if each.meant]
    assert names(meant) == ["c.zip", "wave"]


def test_what_discord_shows_counts_though_it_has_no_name_for_it() -> None:
    posted = message(channel(), attachment("maki", content_type=None, width=300))
    (source,) = found(posted)
    assert (source.shown, source.unasked, source.meant) == (True, True, False)


def test_a_film_that_discord_shows_counts_where_somebody_asks() -> None:
    posted = message(channel(), attachment("e.mp4", content_type="video/mp4", width=300))
    (source,) = found(posted)
    assert (source.shown, source.unasked, source.meant) == (True, False, True)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (1, "https://cdn.discordapp.com/stickers/701.png"),
        (2, "https://cdn.discordapp.com/stickers/702.png"),
        (4, "https://media.discordapp.net/stickers/704.gif"),
    ],
)
def test_stickers_are_seen_but_not_answered_unasked(kind: int, url: str) -> None:
    posted = message(channel(), stickers=[sticker(kind)])
    (source,) = found(posted)
    assert (source.name, source.shown, source.unasked) == ("wave", True, False)
    assert source.read.args[0] == url  # type: ignore[attr-defined] - a partial


def test_stickers_come_from_the_configured_cdn() -> None:
    config = load_config(None, discord={"cdn": "http://127.0.0.1:5000"})
    (source,) = sources_of(message(channel(), stickers=[sticker(4)]), config)
    assert source.read.args[0] == "http://127.0.0.1:5000/stickers/704.gif"  # type: ignore[attr-defined]


async def test_a_sticker_of_moving_shapes_is_refused_by_its_name() -> None:
    (source,) = found(message(channel(), stickers=[sticker(3, "party")]))
    assert not source.shown
    with pytest.raises(UserError, match="“party”"):
        await source.read()


def test_forwarded_pictures_count() -> None:
    snapshot = Mock(
        spec=discord.MessageSnapshot,
        attachments=[attachment("f.png")],
        embeds=[],
        stickers=[sticker(1)],
        components=[component(discord.MediaGalleryComponent, GALLERY)],
        content="",
    )
    posted = message(channel(), message_snapshots=[snapshot])
    assert names(found(posted))[:3] == ["f.png", "wave", "a.png"]


def test_pictures_of_layout_components() -> None:
    posted = message(
        channel(),
        components=[
            component(discord.MediaGalleryComponent, GALLERY),
            component(discord.SectionComponent, SECTION),
            component(discord.SectionComponent, BUTTON_SECTION),
            component(discord.FileComponent, FILE),
            component(discord.FileComponent, PAPER),
        ],
    )
    assert names(found(posted)) == [
        "a.png", "SPOILER_b.png", "c.mp4", "d.png", "side.png", "page.png", "notes.txt",
    ]  # fmt: skip
    shown = {each.name: each.shown for each in found(posted)}
    assert (shown["page.png"], shown["notes.txt"]) == (True, False)
    assert {each.name for each in found(posted) if not each.unasked} == {"c.mp4", "notes.txt"}


@pytest.mark.parametrize("hidden", [True, False])
def test_a_hidden_container_hides_all_that_is_in_it(hidden: bool) -> None:
    data = {"type": 17, "spoiler": hidden, "components": [GALLERY, SECTION, FILE]}
    posted = message(channel(), components=[component(discord.Container, data)])
    marked = [each.name.startswith("SPOILER_") for each in found(posted)]
    assert marked == [hidden or each.name == "SPOILER_b.png" for each in found(posted)]


@pytest.mark.parametrize(
    ("kind", "unasked"), [("image", True), ("article", False), ("rich", False)]
)
def test_previews_of_pages_are_told_from_those_of_pictures(kind: str, unasked: bool) -> None:
    (source,) = found(message(channel(), embeds=[preview(kind)]))
    assert (source.shown, source.unasked, source.meant) == (True, unasked, False)


@pytest.mark.parametrize(
    "content",
    [
        "||https://example.com/cat.png||",
        "||HTTPS://EXAMPLE.COM/CAT.PNG||",
        "look ||at https://short.example/x||",
        "|| https://xn--e1afmkfd.example/кот ||",
        "||https://пример.рф/кот.png||",
        "||[her](https://example.com/cat.png)||",
        "||\nhttps://example.com/cat.png\n||",
        "`||` ||https://example.com/cat.png||",
        "https://a.example/|| ||https://example.com/cat.png||",
    ],
)
def test_a_hidden_link_hides_the_previews_of_the_message(content: str) -> None:
    elsewhere = preview(url="https://other.example/dog.png", proxy=PROXY.replace("cat", "dog"))
    posted = message(channel(), embeds=[preview(), elsewhere], content=content)
    assert names(found(posted)) == ["SPOILER_cat.png", "SPOILER_dog.png"]
    assert [each.title for each in found(posted)] == ["cat.png", "dog.png"]


@pytest.mark.parametrize(
    "content", ["https://example.com/cat.png", "||she dies|| https://example.com/cat.png", "a || b"]
)
def test_a_link_in_the_open_stays_there(content: str) -> None:
    assert names(found(message(channel(), embeds=[preview()], content=content))) == ["cat.png"]


def test_a_spoiler_of_another_kind_than_its_name() -> None:
    hidden = attachment("a.png")
    hidden.is_spoiler.return_value = True
    assert attachment_source(hidden, CONFIG).name == "SPOILER_a.png"


@pytest.mark.parametrize("url", ["https://example.com/cat.png", "http://127.0.0.1:8080/a.png"])
def test_only_pictures_with_a_copy_of_discords_count(url: str) -> None:
    posted = message(channel(), embeds=[preview(proxy=url)], content=url)
    assert sources_of(posted, CONFIG) == []
