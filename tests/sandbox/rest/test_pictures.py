"""Every way in which a picture stands in a channel, as the real client finds it there."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import discord
import pytest
from PIL import Image

from sandbox import Member, Sandbox
from sandbox.state.entities import StickerFormat
from sandbox.state.errors import ApiError
from sandbox.state.files import Upload
from sandbox.testing.previews import LinkPreview, PreviewKind
from tests.sandbox.client import Client


async def read(url: str, **query: str) -> bytes:
    """Fetch what is served at an address."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params=query) as response,
    ):
        assert response.status == 200, await response.text()
        return await response.read()


async def newest(client: Client, count: int) -> Any:
    """Return the newest message once the client has seen so many."""
    await client.seen("message", lambda _: len(client.dispatched("message")) >= count)
    return client.dispatched("message")[-1]


async def test_what_webhooks_post(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    webhook = sandbox.places.webhook("general")
    posted = await ann.post("general", "look", files=[("a.png", picture)])
    await webhook.stand_in(posted, "Rin")
    message = await newest(client, 2)
    assert (message.webhook_id, message.author.id) == (webhook.id, webhook.id)
    assert (message.author.name, message.content) == ("Rin", "look")
    assert not isinstance(message.author, discord.Member)
    assert await message.attachments[0].read() == picture
    assert posted.deleted


async def test_layout_components_of_another_bot(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    robot = sandbox.places.add_member("Robot", bot=True)
    online = await sandbox.places.put_online("https://example.org/art/a.png", picture)
    components: list[dict[str, Any]] = [
        {"type": 12, "items": [{"media": {"url": online}}]},
        {
            "type": 9,
            "components": [{"type": 10, "content": "her"}],
            "accessory": {"type": 11, "media": {"url": "attachment://face.png"}},
        },
        {"type": 13, "file": {"url": "attachment://whole.png"}},
    ]
    files = [("face.png", picture), ("whole.png", picture)]
    posted = await robot.post("general", files=files, components=components)
    message = await newest(client, 1)
    assert message.attachments == []
    shown: list[Any] = message.components
    gallery, section, file = shown
    for media in (gallery.items[0].media, section.accessory.media, file.media):
        assert media.proxy_url.startswith(sandbox.cdn_url)
        assert (media.width, media.content_type) == (64, "image/png")
        assert await read(media.proxy_url) == picture
    assert gallery.items[0].media.url == online
    await ann.forward(posted, "quiet")
    forwarded = await newest(client, 2)
    (snapshot,) = forwarded.message_snapshots
    assert snapshot.attachments == []
    assert snapshot.components[1].accessory.media.url == section.accessory.media.url


async def test_stickers(sandbox: Sandbox, client: Client, ann: Member, picture: bytes) -> None:
    kinds = list(StickerFormat)
    made = [sandbox.places.add_sticker("wave", picture, kind) for kind in kinds]
    for number, (kind, sticker) in enumerate(zip(kinds, made, strict=True), 1):
        await ann.post("general", stickers=[sticker])
        message = await newest(client, number)
        (shown,) = message.stickers
        assert (shown.id, shown.name, int(shown.format.value)) == (sticker.id, "wave", int(kind))
        assert await read(f"{sandbox.cdn_url}/stickers/{shown.id}.{kind.suffix}") == picture
        fetched = await shown.fetch()
        assert (fetched.name, fetched.format) == ("wave", shown.format)
    await ann.forward(sandbox.messages("general")[0], "quiet")
    snapshot = sandbox.messages("quiet")[0].snapshots[0]["message"]
    assert snapshot["sticker_items"][0]["format_type"] == StickerFormat.PNG
    with pytest.raises(ApiError, match="50081"):
        await ann.post("general", stickers=made)


async def test_a_thread_begins_with_what_it_was_opened_on(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    posted = await ann.post("general", files=[("a.png", picture)])
    thread = await ann.open_thread("general", "who is this?", posted)
    await ann.post(thread, "!who")
    await client.seen("message", lambda item: item.content == "!who")
    history: list[Any] = [item async for item in client.text(thread).history(oldest_first=True)]
    assert history[0].type is discord.MessageType.thread_starter_message
    assert (history[0].content, history[0].attachments) == ("", [])
    reference: Any = history[0].reference
    resolved = reference.resolved
    assert (resolved.id, reference.channel_id) == (posted.id, posted.channel.id)
    assert await resolved.attachments[0].read() == picture
    await ann.delete(posted)
    history = [item async for item in client.text(thread).history(oldest_first=True)]
    assert isinstance(history[0].reference.resolved, discord.DeletedReferencedMessage)


async def test_previews_of_pages_and_videos(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    link, shown = "https://example.org/post/1", "https://pictures.example.net/1"
    kinds: list[PreviewKind] = ["article", "rich", "video", "gifv"]
    for number, kind in enumerate(kinds, 1):
        await ann.post("general", link, preview=LinkPreview(link, picture, kind, shown))
        (embed,) = (await newest(client, number)).embeds
        assert (embed.type, embed.url) == (kind, link)
        media = embed.image if kind == "rich" else embed.thumbnail
        assert (media.url, media.width) == (shown, 64)
        assert await read(media.proxy_url) == picture
        assert bool(embed.video.url) == (kind in ("video", "gifv"))


async def test_discord_makes_a_still_of_a_video(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    clip = Upload("clip.mp4", b"\0\0\0\x18ftypmp42", frame=picture)
    await ann.post("general", files=[clip])
    message = await newest(client, 1)
    (video,) = message.attachments
    assert (video.content_type, video.width, video.height) == ("video/mp4", 64, 48)
    assert await video.read() == clip.data
    assert await read(video.proxy_url) == clip.data
    still = Image.open(io.BytesIO(await read(video.proxy_url, format="webp")))
    assert (still.format, still.size) == ("WEBP", (64, 48))
    small = await read(video.proxy_url, format="jpeg", width="32", height="32")
    assert Image.open(io.BytesIO(small)).size == (32, 24)


async def test_a_name_alone_makes_a_file_a_picture(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    await ann.post("general", files=[("maki", picture), ("a.png", picture), ("b.png", b"no")])
    message = await newest(client, 1)
    shown = [(item.content_type, item.width) for item in message.attachments]
    assert shown == [(None, None), ("image/png", 64), ("image/png", None)]
    for item in message.attachments:
        assert await item.read() in (picture, b"no")
    async with (
        aiohttp.ClientSession() as session,
        session.get(message.attachments[2].proxy_url, params={"format": "webp"}) as response,
    ):
        assert response.status == 415
