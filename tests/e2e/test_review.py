"""`/review`: who keeps turning up is asked once, answered once, and taken back."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from bot.storage.records import IGNORED, NOT_A_FACE, Label
from bot.ui.review import LEAVE_OUT
from bot.ui.unknown_faces import TURNS_UP, TURNS_UP_THERE
from models.gallery.policy import NamingPolicy
from models.types import Guess, NamedFace
from tests.bot.fakes import MARIN, DistinctStages
from tests.e2e.conftest import PATIENCE_S, eventually, hide_channel, opened, shown, watch
from tests.e2e.conftest import asked as asked_below

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces
    from bot.storage.records import FaceObservation
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.e2e.conftest import Start

FACES = 6


class OneUnknownFace(DistinctStages):
    """Stages that know nobody: every face looks much like the last."""

    def embed(self, crops: Sequence[Any]) -> list[Any]:
        """Return vectors that lie close together."""
        rng = np.random.default_rng(self.seen)
        stacks = []
        for each in crops:
            rows = np.eye(32)[0] + rng.normal(0, 0.03, (len(each), 32))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            stacks.append(rows.astype(np.float32))
        return stacks

    def name(
        self, found: FoundFaces, vectors: Any, gallery: Any, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Know nobody."""
        return tuple(
            NamedFace(face, (Guess(MARIN, 0.2),), policy.tier(0.2), vector, crop)
            for face, vector, crop in zip(found.faces, vectors, found.crops, strict=True)
        )


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[MoedexBot]:
    """Return a bot that knows nobody, and learns in its server."""
    async with start(OneUnknownFace()) as running:
        for name in ("fan-art", "quiet", "age-restricted"):
            await watch(running, name)
        await running.services.storage.settings.update(running.guilds[0].id, learning=True)
        yield running


async def post(
    sandbox: Sandbox, bot: MoedexBot, channel: str, *, who: str = "ben", spoiler: bool = False
) -> FaceObservation:
    """Post a picture of somebody unknown; returns its face as it was kept."""
    posted = await sandbox.member(who).post(channel, files=[("a.png", b"1")], spoiler=spoiler)
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    return face


async def review(sandbox: Sandbox, channel: str = "general") -> Message:
    """Open `/review` as a moderator; returns what it shows."""
    return await shown(await sandbox.member("ann").slash(channel, "review"))


async def settled(bot: MoedexBot, faces: list[FaceObservation], name: Label | str | None) -> bool:
    """Say whether all faces have that label, settled; None for none."""
    await bot.services.votes.judged()
    wanted = Label.of(name) if isinstance(name, str) else name
    found = [await bot.services.storage.labels.get(face.id) for face in faces]
    names = [label.label if label and label.state == "settled" else None for label in found]
    return names == [wanted] * len(faces)


async def test_a_cluster_is_shown_once_and_one_answer_names_all_of_it(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    faces = [await post(sandbox, bot, "fan-art") for _ in range(FACES - 1)]
    assert "Nothing waits" in (await review(sandbox)).content
    faces.append(await post(sandbox, bot, "fan-art", spoiler=True))
    asked = await review(sandbox)
    assert f"Seen {FACES} times in the last 14 days" in asked.content
    # Five crops in the open, the spoilered one hidden.
    assert [file.filename for file in asked.attachments] == ["faces.png", "SPOILER_faces.png"]
    sizes = [Image.open(io.BytesIO(file.data)).size for file in asked.attachments]
    assert sizes == [(5 * 128, 128), (256, 256)]
    assert "Nothing waits" in (await review(sandbox)).content

    ann = sandbox.member("ann")
    form = await ann.select(asked, "Who is it?", ["Someone else…"])
    await eventually(lambda: opened(form))
    sent = await ann.submit(form, {"name": "Aoi Sora"})
    pick = await shown(sent)
    chosen = await ann.press(pick, "New character")
    done = await shown(chosen)
    assert done.content == f"**Aoi Sora** is new here, and all {FACES} faces are noted as them."
    await eventually(lambda: settled(bot, faces, "aoi_sora"))
    log = await bot.services.storage.audit_log.of_face(faces[0].id)
    assert [(c.after, c.user_id, c.why) for c in log] == [
        (Label.of("aoi_sora"), ann.id, f"one answer for {FACES} faces that look alike")
    ]

    undone = await shown(await ann.press(done, "Undo"))
    assert "Taken back" in undone.content
    assert await settled(bot, faces, None)
    assert f"Seen {FACES} times" in (await review(sandbox)).content


async def test_a_face_of_somebody_else_is_left_out_before_the_answer_holds(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    faces = [await post(sandbox, bot, "fan-art") for _ in range(FACES)]
    ann = sandbox.member("ann")
    asked = await review(sandbox)
    await ann.select(asked, LEAVE_OUT, ["Face 2"])

    async def fewer() -> bool:
        return f"Seen {FACES - 1} times" in asked.content

    await eventually(fewer)
    assert [file.filename for file in asked.attachments] == ["faces.png"]
    done = await ann.select(asked, "Who is it?", ["Marin"])
    assert f"all {FACES - 1} faces" in (await shown(done)).content
    await bot.services.votes.judged()
    found = [await bot.services.storage.labels.get(face.id) for face in faces]
    assert sum(label is None for label in found) == 1
    assert sum(label is not None and label.label == Label.of("marin") for label in found) == (
        FACES - 1
    )


async def test_copies_of_a_picture_are_shown_and_counted_once(
    sandbox: Sandbox, start: Start
) -> None:
    stages = OneUnknownFace()
    async with start(stages) as bot:
        await watch(bot)
        await bot.services.storage.settings.update(bot.guilds[0].id, learning=True)
        faces = [await post(sandbox, bot, "fan-art") for _ in range(FACES)]
        stages.seen -= 1  # the next picture has the hash of the last
        faces.append(await post(sandbox, bot, "fan-art"))
        asked = await review(sandbox)
        assert f"Seen {FACES} times" in asked.content
        (sheet,) = asked.attachments
        assert Image.open(io.BytesIO(sheet.data)).size == (FACES * 128, 128)
        done = await sandbox.member("ann").select(asked, "Who is it?", ["Marin"])
        assert f"all {FACES + 1} faces" in (await shown(done)).content
        assert await settled(bot, faces, "marin")


async def test_a_proposed_name_is_shown_with_its_face_its_proposer_and_a_link(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("fan-art", files=[("a.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    await ben.react(reply, "❌")
    await eventually(lambda: asked_below(reply))
    form = await ben.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    pick = await shown(await ben.submit(form, {"name": "Aoi Sora"}))
    await shown(await ben.press(pick, "New character"))
    card = await review(sandbox)
    assert f"<@{ben.id}>: this face is **Aoi Sora**, who would be new here" in card.content
    assert f"/{reply.channel.id}/{reply.id}" in card.content
    (crop,) = card.attachments
    assert (crop.filename, Image.open(io.BytesIO(crop.data)).size) == ("faces.png", (256, 256))


@pytest.mark.parametrize(
    ("choice", "label"), [("Ignore these faces", IGNORED), ("Not faces", NOT_A_FACE)]
)
async def test_a_cluster_can_be_left_alone(
    sandbox: Sandbox, bot: MoedexBot, choice: str, label: Label
) -> None:
    faces = [await post(sandbox, bot, "fan-art") for _ in range(FACES)]
    ann = sandbox.member("ann")
    await ann.select(await review(sandbox), "Who is it?", [choice])
    await eventually(lambda: settled(bot, faces, label))


async def test_a_cluster_asked_about_before_a_restart_is_answered_after_it(
    sandbox: Sandbox, start: Start
) -> None:
    async with start(OneUnknownFace()) as bot:
        await watch(bot)
        await bot.services.storage.settings.update(bot.guilds[0].id, learning=True)
        faces = [await post(sandbox, bot, "fan-art") for _ in range(FACES)]
        asked = await review(sandbox)
    async with start(OneUnknownFace()) as bot:
        await sandbox.member("ann").select(asked, "Who is it?", ["Marin"])
        await eventually(lambda: settled(bot, faces, "marin"))


async def test_later_keeps_a_cluster_for_the_next_time(sandbox: Sandbox, bot: MoedexBot) -> None:
    for _ in range(FACES):
        await post(sandbox, bot, "fan-art")
    asked = await review(sandbox)
    await sandbox.member("ann").press(asked, "Later")

    async def gone() -> bool:
        return "Nothing waits" in asked.content

    await eventually(gone)
    assert f"Seen {FACES} times" in (await review(sandbox)).content


async def test_nobody_is_shown_a_crop_of_a_channel_they_may_not_see(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben, labellers = sandbox.member("ben"), sandbox.places.add_role("labellers")
    sandbox.places.set_role(ben, labellers)
    await bot.services.storage.settings.update(bot.guilds[0].id, labeller_role=labellers.id)
    for _ in range(FACES):
        await post(sandbox, bot, "quiet", who="ann")
    hide_channel(sandbox, "quiet", ben)
    refused = await shown(await ben.slash("general", "review"))
    assert "Nothing waits" in refused.content
    assert f"Seen {FACES} times" in (await review(sandbox)).content


async def test_a_crop_of_an_age_restricted_channel_is_shown_only_in_one(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    for _ in range(FACES):
        await post(sandbox, bot, "age-restricted")
    assert "Nothing waits" in (await review(sandbox, "general")).content
    assert f"Seen {FACES} times" in (await review(sandbox, "age-restricted")).content


async def test_who_opted_out_or_is_not_learned_from_is_in_no_cluster(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    for _ in range(FACES):
        await post(sandbox, bot, "fan-art")
    await shown(await sandbox.member("ben").slash("general", "privacy optout"))
    assert "Nothing waits" in (await review(sandbox)).content


async def test_moderators_are_told_once_where_learning_was_switched_on(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await shown(await sandbox.member("ann").slash("quiet", "learning on"))
    before = len(sandbox.messages("quiet"))

    async def lines() -> list[str]:
        await look(bot)
        return [message.content for message in sandbox.messages("quiet")[before:]]

    for _ in range(FACES - 1):
        await post(sandbox, bot, "fan-art")
    assert await lines() == []
    await post(sandbox, bot, "fan-art")
    assert await lines() == [TURNS_UP]
    # It goes on turning up, and a day goes by: no news.
    await post(sandbox, bot, "fan-art")
    await bot.services.storage.state.forget_warnings(datetime.now(UTC))
    assert await lines() == [TURNS_UP]
    # Dismissed: the same face is neither told of nor asked about again.
    assert f"Seen {FACES + 1} times" in (await review(sandbox)).content
    for _ in range(FACES):
        await post(sandbox, bot, "fan-art")
    assert await lines() == [TURNS_UP]
    assert "Nothing waits" in (await review(sandbox)).content


async def test_what_came_up_on_a_day_with_a_line_is_told_on_the_next(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await shown(await sandbox.member("ann").slash("quiet", "learning on"))
    before = len(sandbox.messages("quiet"))
    assert await bot.services.storage.state.may_warn(f"unknown_faces:{bot.guilds[0].id}")
    for _ in range(FACES):
        await post(sandbox, bot, "fan-art")
    for _ in range(2):
        await look(bot)
        assert sandbox.messages("quiet")[before:] == []
    await bot.services.storage.state.forget_warnings(datetime.now(UTC))
    await look(bot)
    assert [message.content for message in sandbox.messages("quiet")[before:]] == [TURNS_UP]


async def test_where_nothing_may_be_written_who_switched_learning_on_is_told(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    await shown(await ann.slash("quiet", "learning on"))
    before = len(sandbox.messages("quiet"))
    sandbox.fault_injection.refuse("send_messages", channel="quiet")
    for _ in range(FACES):
        await post(sandbox, bot, "fan-art")
    await look(bot)
    (told,) = ann.sees(await ann.dm())
    assert told.content == TURNS_UP_THERE.format(server=bot.guilds[0].name)
    assert sandbox.messages("quiet")[before:] == []


async def test_nobody_is_told_of_faces_that_review_would_not_show_there(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await shown(await sandbox.member("ann").slash("quiet", "learning on"))
    before = len(sandbox.messages("quiet"))
    for _ in range(FACES):
        await post(sandbox, bot, "age-restricted")
    await look(bot)
    assert sandbox.messages("quiet")[before:] == []


async def look(bot: MoedexBot) -> None:
    """Look for faces that keep turning up, as the bot does every hour."""
    cog: Any = bot.get_cog("UnknownFaces")
    await cog.look()


async def test_a_proposals_drawings_are_shown_as_they_were_uploaded(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    for channel, name in (("general", "SPOILER_a.png"), ("age-restricted", "b.png")):
        options = {"name": f"Aoi {channel}", "image1": (name, b"1")}
        assert "/review" in (await shown(await ben.slash(channel, "teach", options))).content
    first = await review(sandbox)
    assert [file.filename for file in first.attachments] == ["SPOILER_drawings.png"]
    await sandbox.member("ann").press(first, "Later")

    async def second() -> bool:
        return "Aoi age-restricted" in first.content

    await eventually(second)
    assert "only be shown where it was posted" in first.content
    assert not first.attachments
    there = await review(sandbox, "age-restricted")
    await sandbox.member("ann").press(there, "Later")

    async def drawn() -> bool:
        return [file.filename for file in there.attachments] == ["drawings.png"]

    await eventually(drawn)
