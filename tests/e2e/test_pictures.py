"""Real pictures through the real models: from the post to the card."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.client import MoedexBot
from bot.recognition.face_pictures import FACES_PER_PAGE
from bot.wording import WHO_MENU
from sandbox import Sandbox
from sandbox.samples.shelf import load_samples
from sandbox.state.component_tree import MEDIA_GALLERY, SECTION, walk
from sandbox.state.entities import Attachment, Message
from tests.e2e.conftest import text_of

SAMPLES = {sample.id: sample for sample in load_samples()}


def sample(name: str) -> tuple[str, bytes]:
    """Return a picture of the shelf: its file name and bytes."""
    return SAMPLES[name].filename, SAMPLES[name].read()


def card_of(message: Message, number: int = 0) -> Image.Image:
    """Return an answer's picture."""
    card: Attachment = message.files[number]
    return Image.open(io.BytesIO(card.data))


def faces_in(message: Message) -> int:
    """Return how many faces an answer speaks of."""
    return sum(item["type"] == SECTION for item in walk(message.components))


async def test_posted_drawing_of_somebody_not_enrolled_is_unknown(
    sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    posted = await sandbox.member("ben").post("fan-art", files=[sample("hikari-1")])
    reply = await sandbox.answer_to(posted)
    assert faces_in(reply) == 1
    assert "I don't know who this is. Closest: " in text_of(reply)
    assert card_of(reply).size == (144, 144)
    assert reply.files[0].description


@pytest.mark.parametrize("character", ["emilia", "hua_cheng"])
async def test_right_name_comes_first_for_a_known_character(
    sandbox: Sandbox, real_bot: MoedexBot, shared_data: Path, character: str
) -> None:
    with (shared_data / "characters.csv").open(encoding="utf-8", newline="") as file:
        names = {row["id"]: row["name"] for row in csv.DictReader(file)}
    picture = min((shared_data / "posts" / character).glob("*.jpg"))
    posted = await sandbox.member("ben").post(
        "fan-art", files=[(picture.name, picture.read_bytes())]
    )
    reply = await sandbox.answer_to(posted)
    assert names[character] in text_of(reply).splitlines()[0]
    assert names[character] in (reply.files[0].description or "")


async def test_who_as_a_reply_and_menu_and_slash(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[sample("ren-1")])
    by_reply = await sandbox.answer_to(await ben.post("quiet", "!who", reply_to=posted))
    by_menu = await sandbox.answer(await ben.menu(posted, WHO_MENU))
    by_slash = await sandbox.answer(await ben.slash("quiet", "who", {"image": sample("ren-1")}))
    assert [faces_in(each) for each in (by_reply, by_menu, by_slash)] == [1, 1, 1]
    assert text_of(by_reply) == text_of(by_menu) == text_of(by_slash)


async def test_direct_message(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post(await ben.dm(), files=[sample("suzu-1")])
    assert faces_in(await sandbox.answer_to(posted)) == 1


async def test_animation(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", files=[sample("nodding")])
    assert faces_in(await sandbox.answer_to(posted)) == 1


async def test_spoiler(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", files=[sample("mikan-1")], spoiler=True)
    reply = await sandbox.answer_to(posted)
    assert reply.files[0].spoiler
    names = text_of(reply).splitlines()
    assert names
    assert all("||" in line for line in names)


async def test_four_pictures_at_once(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    files = [sample(f"{name}-2") for name in ("hikari", "ren", "suzu", "mikan")]
    reply = await sandbox.answer_to(await sandbox.member("ben").post("fan-art", files=files))
    assert [file.filename.split("-")[0] for file in reply.files] == ["faces.jpg", *["face"] * 4]
    assert faces_in(reply) == 4
    assert max(card_of(reply).size) <= 800


async def test_three_faces(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", files=[sample("three-friends")])
    assert faces_in(await sandbox.answer_to(posted)) == 3


def crowd(count: int) -> tuple[str, bytes]:
    """Return a picture of rows of the shelf's drawings, five in a row."""
    drawn = [f"{name}-{n}" for n in (1, 2, 3, 4) for name in ("hikari", "ren", "suzu", "mikan")]
    side = 420
    sheet = Image.new("RGB", (5 * side, -(-count // 5) * side), "white")
    for place in range(count):
        picture = Image.open(io.BytesIO(sample(drawn[place % len(drawn)])[1])).convert("RGB")
        picture.thumbnail((side - 20, side - 20))
        sheet.paste(picture, (place % 5 * side + 10, place // 5 * side + 10))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=92)
    return "crowd.jpg", buffer.getvalue()


async def test_a_crowd_has_a_picture_of_each_face_and_says_how_many_more_there_are(
    sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    reply = await sandbox.answer_to(await ben.post("fan-art", files=[crowd(20)]))
    more = re.search(r"And (\d+) more faces: I show the (\d+) that I see best", text_of(reply))
    assert more
    listed = int(more[2])
    assert int(more[1]) + listed >= 19
    assert len(reply.files) <= 10
    described: list[str] = []
    for page in range(-(-listed // FACES_PER_PAGE)):
        if page:
            await ben.press(reply, "▶")
            await sandbox.wait_for("message_update", lambda event: event.message is reply)
        shown = [entry["description"] for entry in galleries(reply)[1:]]
        shown += [f"Face {page * FACES_PER_PAGE + n}:" for n in range(1, faces_in(reply) + 1)]
        described += shown
    numbers = [int(n) for text in described for n in re.findall(r"^Face (\d+):", text, re.M)]
    assert numbers == list(range(1, listed + 1))


def galleries(message: Message) -> list[dict[str, Any]]:
    """Return what the galleries of an answer show."""
    found = [item["items"] for item in walk(message.components) if item["type"] == MEDIA_GALLERY]
    return [entry for gallery in found for entry in gallery]


async def test_no_face(sandbox: Sandbox, real_bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("quiet", "!who", files=[sample("lake")])
    reply = await sandbox.answer_to(posted)
    assert "no drawn face in lake.webp" in text_of(reply)
    assert reply.files == []


def png(size: tuple[int, int] = (64, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.png", b""),
        ("notes.png", b"Dear diary, this is no picture."),
        ("torn.jpg", sample("hikari-1")[1][:4000]),
        ("bomb.png", png((9000, 9000))),
        ("broken.gif", b"GIF89a" + bytes(20)),
    ],
)
async def test_bad_file_is_one_clear_sentence_that_names_it(
    sandbox: Sandbox, real_bot: MoedexBot, name: str, data: bytes
) -> None:
    files = [(name, data), sample("ren-3")]
    posted = await sandbox.member("ben").post("fan-art", files=files)
    reply = await sandbox.answer_to(posted)
    told = [line for line in text_of(reply).splitlines() if name in line]
    assert len(told) == 1
    assert told[0].count(name) == 1
    assert faces_in(reply) == 1
    assert len(reply.files) == 1
