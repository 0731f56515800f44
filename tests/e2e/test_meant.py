"""The picture that was meant, whoever posted it and however: end to end, in the real client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.recognition.questions import NO_PICTURE
from sandbox.samples.shelf import load_samples
from sandbox.state.entities import StickerFormat
from sandbox.state.files import Upload
from sandbox.testing.previews import LinkPreview
from tests.e2e.conftest import PATIENCE_S, kept, settled, text_of

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message

REN = next(sample.read() for sample in load_samples() if sample.id == "ren-1")
FILM = b"\0\0\0\x20ftypisom" + bytes(60)
LOTTIE = json.dumps({"v": "5.5.7", "fr": 60, "layers": []}).encode()
ONE = b"1"
LINK = "https://pictures.example/cat.png"


async def source_of(sandbox: Sandbox, bot: MoedexBot, asked: Message) -> int:
    """Return which message an answer to a question is about."""
    return (await kept(bot, await sandbox.answer_to(asked, PATIENCE_S))).source_message_id


def gallery(*names: str) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": f"attachment://{name}"}} for name in names]}


def section(name: str) -> dict[str, Any]:
    thumbnail = {"type": 11, "media": {"url": f"attachment://{name}"}}
    return {
        "type": 9,
        "components": [{"type": 10, "content": "Today's card"}],
        "accessory": thumbnail,
    }


async def shown_by(sandbox: Sandbox, way: str) -> Message:
    """Post one picture in #quiet the way that is named."""
    ben, robot = sandbox.member("ben"), sandbox.places.add_member("Robot", bot=True)
    hook, files = sandbox.places.webhook("quiet"), [("her.png", ONE)]
    match way:
        case "webhook":
            return await hook.stand_in(await ben.post("quiet", files=files), "Luna")
        case "bot":
            return await robot.post("quiet", files=files)
        case "embed":
            embed = {"type": "rich", "image": {"url": "attachment://her.png"}}
            return await robot.post("quiet", files=files, embeds=[embed])
        case "forward":
            return await ben.forward(await ben.post("general", files=files), "quiet")
        case "gallery":
            return await robot.post("quiet", files=files, components=[gallery("her.png")])
        case "thumbnail":
            inside = {"type": 17, "components": [section("her.png")]}
            return await hook.post("News", files=files, components=[inside])
        case "file":
            file = {"type": 13, "file": {"url": "attachment://her.png"}}
            return await robot.post("quiet", files=files, components=[file])
        case "png" | "apng" | "gif":
            sticker = sandbox.places.add_sticker("wave", ONE, StickerFormat[way.upper()])
            return await ben.post("quiet", stickers=[sticker])
        case "video link":
            preview = LinkPreview("https://youtu.be/x", ONE, "video", "https://i.ytimg.com/x.jpg")
            return await ben.post("quiet", preview.link, preview=preview)
        case _:
            raise ValueError(way)


WAYS = [
    "webhook", "bot", "embed", "forward", "gallery", "thumbnail", "file", "png", "apng", "gif",
    "video link",
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_alone_and_in_a_reply_it_takes_what_a_person_sees(
    sandbox: Sandbox, bot: MoedexBot, way: str
) -> None:
    ann = sandbox.member("ann")
    await ann.post("quiet", files=[("older.png", b"2")])
    shown = await shown_by(sandbox, way)
    await ann.post("quiet", "so cute", files=[("notes.txt", b"hm")])
    assert await source_of(sandbox, bot, await ann.post("quiet", "!who")) == shown.id
    assert (
        await source_of(sandbox, bot, await ann.post("quiet", "!who", reply_to=shown)) == shown.id
    )


async def test_the_start_of_a_thread_is_seen_in_it(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann = sandbox.member("ann")
    start = await ann.post("quiet", files=[("her.png", ONE)])
    thread = await ann.open_thread("quiet", "her", start)
    assert await source_of(sandbox, bot, await ann.post(thread, "!who")) == start.id
    (first, *_) = thread.messages.values()
    for words in ("!who", f"<@{sandbox.bot.id}> who?"):
        asked = await ann.post(thread, words, reply_to=first)
        assert await source_of(sandbox, bot, asked) == start.id


@pytest.mark.parametrize("name", ["maki", "maki.jpg_large", "clip.mp4", "her.zip"])
async def test_a_picture_is_one_by_its_bytes(
    sandbox: Sandbox, real_bot: MoedexBot, name: str
) -> None:
    ann = sandbox.member("ann")
    await ann.post("quiet", files=[("older.png", b"not even one")])
    for asked in (
        await ann.post("quiet", "!who", files=[(name, REN)]),
        await ann.post("quiet", f"<@{sandbox.bot.id}>", files=[(name, REN)]),
        await ann.post(await ann.dm(), files=[(name, REN)]),
    ):
        assert await source_of(sandbox, real_bot, asked) == asked.id


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("clip.mp4", FILM),
        ("stuff.zip", b"PK\3\4" + bytes(30)),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("liar.png", b"PK\3\4" + bytes(30)),
    ],
)
async def test_what_is_no_picture_is_refused_by_its_name_never_another_taken(
    sandbox: Sandbox, real_bot: MoedexBot, name: str, data: bytes
) -> None:
    ann = sandbox.member("ann")
    older = await ann.post("quiet", files=[("older.png", REN)])
    for asked in (
        await ann.post("quiet", "!who", files=[(name, data)]),
        await ann.post("quiet", f"<@{sandbox.bot.id}>", files=[(name, data)]),
        await ann.post("quiet", "!who", files=[(name, data)], reply_to=older),
        await ann.post(await ann.dm(), files=[(name, data)]),
    ):
        reply = await sandbox.answer_to(asked, PATIENCE_S)
        assert f"“{name}” is" in text_of(reply)
        assert reply.files == []


async def test_a_sticker_of_moving_shapes_is_refused_and_passed_by(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    party = sandbox.places.add_sticker("party", LOTTIE, StickerFormat.LOTTIE)
    older = await ann.post("quiet", files=[("older.png", ONE)])
    moving = await ann.post("quiet", stickers=[party])
    refused = await sandbox.answer_to(await ann.post("quiet", "!who", reply_to=moving))
    assert "“party” is a sticker" in text_of(refused)
    assert await source_of(sandbox, bot, await ann.post("quiet", "!who")) == older.id


async def test_of_a_video_the_frame_that_discord_shows(
    sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    film = await ann.post("quiet", files=[Upload("clip.mp4", FILM, frame=REN)])
    assert await source_of(sandbox, real_bot, await ann.post("quiet", "!who")) == film.id
    asked = await ann.post("quiet", "!who", files=[Upload("clip.mp4", FILM, frame=REN)])
    assert await source_of(sandbox, real_bot, asked) == asked.id


@pytest.mark.parametrize(
    "text", [f"||{LINK}||", f"||look: {LINK.upper()}||", "||https://пример.рф/кот||"]
)
async def test_a_hidden_link_hides_the_answer(sandbox: Sandbox, bot: MoedexBot, text: str) -> None:
    preview = LinkPreview("https://elsewhere.example/her.png", ONE)
    posted = await sandbox.member("ben").post("fan-art", text, preview=preview)
    reply = await sandbox.answer_to(posted)
    assert all(file.spoiler for file in reply.files)
    assert "||" in text_of(reply)


async def test_a_watched_channel_hears_nothing_of_links_and_other_files(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    unasked = [
        await ben.post("fan-art", LINK, preview=(LINK, b"bad")),
        *[
            await ben.post("fan-art", files=[(f"her.{suffix}", b"bad")])
            for suffix in ("svg", "tif", "zip", "mp4", "txt")
        ],
        await ben.post(
            "fan-art", stickers=[sandbox.places.add_sticker("wave", ONE, StickerFormat.PNG)]
        ),
    ]
    await settled(sandbox, bot)
    assert [sandbox.replies(each) for each in unasked] == [[]] * len(unasked)


async def test_a_reply_to_mere_words_says_so(sandbox: Sandbox, bot: MoedexBot) -> None:
    words = await sandbox.places.webhook("quiet").post("Luna", "hello")
    asked = await sandbox.member("ann").post("quiet", "!who", reply_to=words)
    assert text_of(await sandbox.answer_to(asked)) == NO_PICTURE
