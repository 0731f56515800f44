"""What is deleted is gone, down to the bytes: of the database with its log, and of the crop folder.

The unmodified client in the local Discord, with stand-in models that give every picture a crop and
a vector of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.storage.records import TrainingReport
from bot.ui.erasing import ERASE
from models.vectors import pack_vector
from tests.bot.fakes import FakeStages
from tests.e2e.conftest import PATIENCE_S, confirmed, eventually, settled, watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces
    from bot.storage.records import FaceObservation, ModelVersion
    from models.types import Vectors
    from sandbox import Sandbox
    from sandbox.state.entities import Channel, Message
    from sandbox.state.interaction import Interaction
    from tests.e2e.conftest import Start


class TellingStages(FakeStages):
    """Stages whose crops, vectors and hashes differ from picture to picture, by its name."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find the faces that the data says, each with a crop of noise."""
        found = super().find(data, name)
        digest = hashlib.sha256(name.encode()).digest()
        rng = np.random.default_rng(list(digest))
        crops = rng.integers(0, 256, (len(found.faces), 32, 32, 3), np.uint8)
        return replace(found, crops=crops, phash=digest[:8].hex())

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Return a vector that tells which crop it is of."""
        return [np.stack([_vector(crop) for crop in each]) for each in crops]


def _vector(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    rng = np.random.default_rng(list(hashlib.sha256(crop.tobytes()).digest()))
    row = rng.normal(size=64)
    return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.fixture
def stages() -> TellingStages:
    """Return the stages that these tests run with."""
    return TellingStages()


@pytest.fixture
async def bot(start: Start, stages: TellingStages) -> AsyncIterator[MoedexBot]:
    """Return a bot that watches fan-art and learns."""
    async with start(stages) as running:
        await watch(running)
        await learn_in(running, running.guilds[0].id)
        yield running


async def learn_in(bot: MoedexBot, server_id: int) -> None:
    """Switch learning on."""
    await bot.services.storage.consents.set_learning(server_id, 1, datetime.now(UTC), on=True)


class Traces:
    """What one picture left behind, and whether any byte of it is still there."""

    def __init__(
        self, folder: Path, message: Message, reply: Message, face: FaceObservation
    ) -> None:
        assert face.crop
        assert face.vector is not None
        assert face.phash
        self.message, self.reply, self.face = message, reply, face
        self._folder = folder
        crop = (folder / "moedex-files" / "crops" / face.crop).read_bytes()
        self._needles = (pack_vector(face.vector), face.crop.encode(), face.phash.encode(), crop)

    def also(self, needle: bytes) -> None:
        """Count something else as a trace, such as a head that was trained on the picture."""
        self._needles += (needle,)

    @property
    def left(self) -> list[str]:
        """The files that still hold a byte of it."""
        files = [file for file in self._folder.rglob("*") if file.is_file()]
        assert any(file.name == "moedex.db" for file in files)
        return [file.name for file in files if self._holds(file)]

    def _holds(self, file: Path) -> bool:
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # the bot deletes while this looks
            return False
        return any(needle in content for needle in self._needles)

    async def gone(self) -> bool:
        """Say whether nothing is left."""
        return not self.left


async def learned(
    sandbox: Sandbox,
    bot: MoedexBot,
    folder: Path,
    name: str,
    channel: Channel | str = "fan-art",
    poster: str = "ben",
) -> Traces:
    """Let a member post a picture and Ann confirm it; return what that left behind."""
    posted = await sandbox.member(poster).post(channel, files=[(f"{name}.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    traces = Traces(folder, posted, reply, face)
    await sandbox.member("ann").react(reply, "✅")

    async def labelled() -> bool:
        label = await bot.services.storage.labels.get(face.id)
        return label is not None and label.state == "settled"

    await eventually(labelled)
    assert traces.left
    return traces


async def version_of(bot: MoedexBot, *pictures: Traces) -> ModelVersion:
    """Keep a version that was trained on pictures, and answers."""
    head = b"head of " + b" ".join(pack_vector(_unit(p.face)) for p in pictures)
    for picture in pictures:
        picture.also(head)
    return await bot.services.storage.versions.add(
        pictures[0].face.server_id, "fake", head, TrainingReport(),
        [("face", p.face.id) for p in pictures], datetime.now(UTC), promoted=True,
    )  # fmt: skip


def _unit(face: FaceObservation) -> NDArray[np.float32]:
    assert face.vector is not None
    return face.vector


async def votes_on(bot: MoedexBot, *pictures: Traces) -> int:
    """Return how many votes stand on answers."""
    return sum([len(await bot.services.storage.votes.for_answer(p.reply.id)) for p in pictures])


async def said(interaction: Interaction) -> str:
    """Return the text of the bot's first answer."""

    async def answered() -> bool:
        return bool(interaction.answers)

    await eventually(answered)
    return interaction.answers[0].content


async def test_a_deleted_message_takes_everything_along(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    gone, stays = [await learned(sandbox, bot, tmp_path, name) for name in ("gone", "stays")]
    # Three versions: a rollback to either of those that knew the picture must be impossible.
    await version_of(bot, gone)
    kept = await version_of(bot, stays)
    await version_of(bot, gone, stays)
    await sandbox.member("ben").delete(gone.message)
    await eventually(gone.gone)
    assert stays.left
    assert await votes_on(bot, gone) == 0
    assert await votes_on(bot, stays) == 1
    versions = await bot.services.storage.versions.list(stays.face.server_id)
    assert [version.id for version in versions] == [kept.id]
    assert await bot.services.storage.versions.promote(stays.face.server_id, 1) is None
    assert await bot.services.storage.versions.to_refit() == {stays.face.server_id}


async def test_messages_deleted_in_bulk(sandbox: Sandbox, bot: MoedexBot, tmp_path: Path) -> None:
    pictures = [await learned(sandbox, bot, tmp_path, f"bulk {n}") for n in range(4)]
    stays = pictures.pop()
    await version_of(bot, *pictures)
    await sandbox.member("ann").delete(*(p.message for p in pictures))
    for picture in pictures:
        await eventually(picture.gone)
    assert await votes_on(bot, *pictures) == 0
    assert stays.left
    assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_a_deleted_channel_takes_its_threads_along(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    await watch(bot, "general")
    thread = await sandbox.member("ben").open_thread("fan-art", "sketches")
    await bot.services.storage.settings.watch(bot.guilds[0].id, thread.id, 1)
    posted = await learned(sandbox, bot, tmp_path, "posted")
    threaded = await learned(sandbox, bot, tmp_path, "threaded", thread)
    stays = await learned(sandbox, bot, tmp_path, "elsewhere", "general")
    await version_of(bot, posted, stays)
    sandbox.places.delete_channel("fan-art")
    await eventually(posted.gone)
    await eventually(threaded.gone)
    assert await votes_on(bot, posted, threaded) == 0
    assert stays.left
    assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_what_is_deleted_while_the_bot_is_away_is_found_at_the_start(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path
) -> None:
    lost = sandbox.places.add_channel("to-be-lost")
    async with start(stages) as bot:
        for name in ("fan-art", "to-be-lost"):
            await watch(bot, name)
        await learn_in(bot, bot.guilds[0].id)
        old = await learned(sandbox, bot, tmp_path, "old")
        single = await learned(sandbox, bot, tmp_path, "single")
        bulk = [await learned(sandbox, bot, tmp_path, f"bulk {n}") for n in range(2)]
        channel = await learned(sandbox, bot, tmp_path, "channel", lost)
        stays = await learned(sandbox, bot, tmp_path, "stays")
        await version_of(bot, stays, single)
        # Answers of long ago are looked at too, though their reactions no longer are.
        answer = await bot.services.storage.answers.by_reply(old.reply.id)
        assert answer is not None
        await bot.services.storage.answers.add(replace(answer, at=datetime(2020, 1, 1, tzinfo=UTC)))
    gone = [old, single, *bulk, channel]
    assert all(picture.left for picture in gone)
    await sandbox.member("ben").delete(single.message)
    await sandbox.member("ben").delete(old.message)
    await sandbox.member("ann").delete(*(picture.message for picture in bulk))
    sandbox.places.delete_channel(lost)
    async with start(stages, storage={"url": f"sqlite+aiosqlite:///{tmp_path / 'moedex.db'}",
                                      "answers_days": 9999}) as bot:  # fmt: skip
        for picture in gone:
            await eventually(picture.gone)
        assert await votes_on(bot, *gone) == 0
        assert stays.left
        assert await votes_on(bot, stays) == 1
        assert await bot.services.storage.versions.list(stays.face.server_id) == []


async def test_a_history_that_may_not_be_read_deletes_nothing(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        await learn_in(bot, bot.guilds[0].id)
        stays = await learned(sandbox, bot, tmp_path, "stays")
    sandbox.fault_injection.refuse("read_message_history", channel="fan-art")
    async with start(stages) as bot:
        cog = bot.get_cog("Reconcile")
        await cog.reconciliation.reconcile()  # type: ignore[union-attr]
        assert stays.left
        assert await votes_on(bot, stays) == 1


async def test_a_members_deletion_erases_pictures_votes_and_what_they_settled(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    own = await learned(sandbox, bot, tmp_path, "own")
    # Ann's picture, whose label is Ann's word; and one whose label she alone decided.
    by_ann = await learned(sandbox, bot, tmp_path, "by ann", poster="ann")
    await ben.react(by_ann.reply, "✅")
    await eventually(lambda: has_votes(bot, by_ann, 2))
    decided = await learned(sandbox, bot, tmp_path, "decided", poster="ann")
    untouched = await version_of(bot, decided)
    await version_of(bot, own)
    shown = await ben.slash("general", "privacy show")
    text = await said(shown)
    assert "1 faces, 1 of them with a crop" in text
    assert "1 votes" in text
    assert "can't be called back" in text
    await confirmed(ben, await ben.slash("general", "privacy delete"), ERASE["member"])
    assert not own.left
    assert by_ann.left
    assert await votes_on(bot, by_ann) == 1
    versions = await bot.services.storage.versions.list(own.face.server_id)
    assert [version.id for version in versions] == [untouched.id]
    # Now she who settled all asks: her pictures go, and so does what her word alone had settled.
    await confirmed(ann, await ann.slash("general", "privacy delete"), ERASE["member"])
    assert not by_ann.left
    assert await bot.services.storage.versions.list(own.face.server_id) == []


async def test_a_version_goes_with_the_votes_that_settled_its_labels(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    """Ben's picture stays, but its label was Ann's word: what learned it must go with that."""
    ann = sandbox.member("ann")
    labelled = await learned(sandbox, bot, tmp_path, "labelled by ann")
    await version_of(bot, labelled)
    asked = await ann.slash("general", "privacy delete")
    assert "Erased" in await confirmed(ann, asked, ERASE["member"])
    label = await bot.services.storage.labels.get(labelled.face.id)
    assert label is None or label.state == "open"
    assert await bot.services.storage.versions.list(labelled.face.server_id) == []
    assert await bot.services.storage.faces.by_reply(labelled.reply.id)


async def has_votes(bot: MoedexBot, picture: Traces, count: int) -> bool:
    """Say whether so many votes stand on an answer."""
    return await votes_on(bot, picture) == count


async def test_who_opted_out_leaves_nothing_and_counts_for_nothing(
    sandbox: Sandbox, bot: MoedexBot, tmp_path: Path
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    before = await learned(sandbox, bot, tmp_path, "before")
    anns = await learned(sandbox, bot, tmp_path, "anns", poster="ann")
    text = await said(await ben.slash("general", "privacy optout"))
    assert "neither kept nor counted" in text
    face = await bot.services.storage.faces.get(before.face.id)
    assert face is not None
    assert (face.crop, face.vector) == (None, None)
    # His next picture is answered, and nothing of it is kept; a moderator's word on it is none.
    posted = await ben.post("fan-art", files=[("after.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    await ann.react(reply, "✅")
    await ben.react(anns.reply, "✅")
    await settled(sandbox, bot)
    await bot.services.votes.judged()
    assert await bot.services.storage.faces.by_reply(reply.id) == []
    assert [s.id for s in await bot.services.storage.faces.by_author(ben.id)] == [before.face.id]
    assert await votes_on(bot, anns) == 1
    posted = await ann.post("fan-art", files=[("button.png", b"1")])
    card = await sandbox.answer_to(posted, PATIENCE_S)
    assert "You opted out" in await said(await ben.press(card, "Yes"))
    assert await bot.services.storage.votes.for_answer(card.id) == []
    # In again: from now on he counts.
    await said(await ben.slash("general", "privacy optout", {"out": False}))
    assert "You opted out" not in await said(await ben.press(card, "Yes"))
    assert len(await bot.services.storage.votes.for_answer(card.id)) == 1


async def test_nothing_is_kept_where_learning_goes_off_in_the_middle_of_an_answer(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = bot.services.crops.save

    async def saved(server_id: int, crops: Sequence[NDArray[np.uint8]]) -> list[str]:
        names = await save(server_id, crops)
        await bot.services.storage.settings.update(server_id, learning=False)
        await bot.services.erasure.stop_learning(server_id)
        return names

    monkeypatch.setattr(bot.services.crops, "save", saved)
    posted = await sandbox.member("ben").post("fan-art", files=[("late.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))

    async def nothing() -> bool:
        (face,) = await bot.services.storage.faces.by_reply(reply.id)
        return face.crop is None and face.vector is None and not await bot.services.crops.list()

    await eventually(nothing)


@pytest.mark.parametrize("away", [False, True])
async def test_leaving_a_server_erases_it_after_the_configured_days(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path, away: bool
) -> None:
    other = sandbox.places.add_server("Other", ("pictures",))
    channel = sandbox.channel("pictures", other)
    async with start(stages, learning={"leave_days": 30}) as bot:
        await watch(bot)
        for server in (other, sandbox.server):
            await learn_in(bot, server.id)
        await bot.services.storage.settings.watch(other.id, channel.id, 1)
        posted = await sandbox.member("ann", other).post(channel, files=[("left.png", b"1")])
        reply = await sandbox.answer_to(posted, PATIENCE_S)
        (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
        left = Traces(tmp_path, posted, reply, face)
        stays = await learned(sandbox, bot, tmp_path, "stays")
        await version_of(bot, left)
        await bot.services.storage.state.set(f"trained:{other.id}", datetime.now(UTC).isoformat())
        if not away:
            sandbox.places.remove_server(other)
            await eventually(lambda: bot.services.storage.state.get(f"left:{other.id}"))
    if away:
        sandbox.places.remove_server(other)
    async with start(stages, learning={"leave_days": 30}) as bot:
        await erase_old(bot)
        assert left.left, "the days are not over"
        assert await bot.services.storage.state.get(f"left:{other.id}")
    async with start(stages, learning={"leave_days": 0}) as bot:
        await erase_old(bot)
        assert not left.left
        assert stays.left
        assert other.id not in await bot.services.storage.servers.kept()
        assert await bot.services.storage.state.get(f"left:{other.id}") is None
        assert await bot.services.storage.state.get(f"trained:{other.id}") is None


async def test_forgotten_drawings_are_erased_after_the_configured_days(
    sandbox: Sandbox, start: Start, stages: TellingStages, tmp_path: Path
) -> None:
    ann = sandbox.member("ann")
    async with start(stages, learning={"forget_days": 7}) as bot:
        taught = await ann.slash("general", "teach", {"name": "Aoi", "image1": ("aoi.png", b"1")})
        assert "or 7 days after somebody used `/forget`" in await said(taught)
        (drawing,) = await bot.services.storage.exemplars.in_use(bot.guilds[0].id)
        assert drawing.crop
        crop = bot.services.crops.folder / drawing.crop
        needles = (pack_vector(drawing.vector), crop.read_bytes())

        def left() -> list[str]:
            files = [file for file in tmp_path.rglob("*") if file.is_file()]
            return [f.name for f in files if any(needle in f.read_bytes() for needle in needles)]

        assert "Done: forgot Aoi." in await said(
            await ann.slash("general", "forget", {"character": "aoi"})
        )
        await erase_old(bot)
        assert crop.name in left(), "it can still be undone"
    async with start(stages, learning={"forget_days": 0}) as bot:
        await erase_old(bot)
        assert not left()


async def erase_old(bot: MoedexBot) -> None:
    """Do what is done every few hours."""
    cog = bot.get_cog("LearningCommands")
    await cog.erase_old()  # type: ignore[union-attr]
