"""What is learned, in the database: cascades, trails, undoing, versions, erasure."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bot.storage import Storage
from bot.storage.galleries import LaterActionError
from bot.storage.records import (
    FaceLabel,
    FaceObservation,
    Label,
    NewExemplar,
    ServerCharacter,
    StoredGuess,
    TeachCharacter,
    TrainingReport,
)
from models.types import Tier
from models.vectors import pack_vector, unpack_vector
from tests.bot.recorded_faces import answer_with_face, record_face

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncSession

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIKU, RIN = Label.of("miku"), Label.of("rin")
SERVER = 7


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=32).astype(np.float32)
    return vector / np.linalg.norm(vector)


async def seen(storage: Storage, reply_id: int, **changes: Any) -> FaceObservation:
    """Keep an answer with a face in it, recorded as where a server learns."""
    answer = answer_with_face(
        reply_id, SERVER, NOW, (StoredGuess("miku", "Miku", "", 0.8),),
        tier=changes.pop("tier", Tier.NAMED),
    )  # fmt: skip
    details = {"vector": unit(reply_id), "backbone": "b1", "crop": f"{reply_id}-0.webp"}
    return await record_face(storage, answer, **(details | changes))


def exemplar(character: str = "aoi", seed: int = 1) -> NewExemplar:
    return NewExemplar(character, 5, "teach", unit(seed), "b1", NOW, crop=f"t{seed}.webp")


@pytest.fixture
async def storage(storage_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(storage_url) as storage:
        yield storage


async def test_a_vector_survives_half_precision() -> None:
    vector = unit(4)
    assert np.abs(unpack_vector(pack_vector(vector)) - vector).max() < 1e-3


async def test_a_face_is_kept_once_and_goes_with_its_answer(storage: Storage) -> None:
    first = await seen(storage, 1)
    assert first.group_id == first.id
    copy = await seen(storage, 2, group_id=first.id)
    assert [s.id for s in await storage.faces.in_group(first.id)] == [first.id, copy.id]
    assert first.vector is not None
    assert np.allclose(first.vector, unit(1), atol=1e-3)
    label = FaceLabel(first.id, "settled", MIKU, 9, NOW)
    await storage.labels.set([label], "review")
    await storage.answers.delete_by_reply(1)
    assert await storage.faces.get(first.id) is None
    assert await storage.labels.get(first.id) is None
    assert await storage.audit_log.of_face(first.id) == []
    assert await storage.faces.crop_names() == {"2-0.webp"}


async def test_the_audit_log_tells_who_when_and_why(storage: Storage) -> None:
    face = await seen(storage, 1)
    steps = [
        FaceLabel(face.id, "open", MIKU, None, NOW),
        FaceLabel(face.id, "settled", MIKU, None, NOW + timedelta(1)),
        FaceLabel(face.id, "settled", RIN, 9, NOW + timedelta(2)),
        FaceLabel(face.id, "disputed", RIN, None, NOW + timedelta(3)),
    ]
    for step in steps:
        await storage.labels.set([step], "test")
    changes = await storage.audit_log.of_face(face.id)
    assert [(c.before, c.after, c.user_id) for c in changes] == [
        (None, MIKU, None),
        (MIKU, RIN, 9),
        (RIN, None, None),
    ]
    assert await storage.labels.in_server(SERVER, "settled") == []
    assert len(await storage.labels.in_server(SERVER, "disputed")) == 1


async def test_unknown_faces_are_shown_once(storage: Storage) -> None:
    kept = [await seen(storage, number, tier=Tier.NOT_KNOWN) for number in (1, 2)]
    assert len(await storage.faces.unknown(SERVER, NOW)) == 2
    cluster = await storage.clusters.show(SERVER, [s.id for s in kept], NOW)
    assert await storage.faces.unknown(SERVER, NOW) == []
    assert len(await storage.clusters.faces(cluster, SERVER)) == 2
    assert await storage.clusters.faces(cluster, SERVER + 1) == []


async def test_every_change_of_a_gallery_can_be_undone(storage: Storage) -> None:
    galleries = storage.galleries
    aoi = ServerCharacter("aoi", "Aoi", "Own")
    taught = await galleries.change(
        SERVER, "teach", 5, "taught Aoi", NOW,
        characters=[aoi], aliases={"aoi": ["Blue"]}, exemplars=[exemplar()],
    )  # fmt: skip
    merged = ServerCharacter("aoi", "Aoi", "Own", state="merged", merged_into="miku")
    merge = await galleries.change(
        SERVER, "merge", 6, "merged Aoi into Miku", NOW, characters=[merged]
    )
    assert (await galleries.revisions())[SERVER] == 2
    with pytest.raises(LaterActionError, match="merged Aoi into Miku"):
        await galleries.undo(SERVER, taught.id, 6)
    assert await galleries.undo(SERVER + 1, merge.id, 6) is None
    assert await galleries.undo(SERVER, merge.id, 6) is not None
    assert await galleries.undo(SERVER, merge.id, 6) is None
    assert await galleries.characters(SERVER) == [aoi]
    assert await galleries.aliases(SERVER) == {"aoi": ("Blue",)}
    assert len(await storage.exemplars.in_use(SERVER)) == 1
    assert await galleries.undo(SERVER, taught.id, 6) is not None
    assert await galleries.characters(SERVER) == []
    assert await galleries.aliases(SERVER) == {}
    assert await storage.exemplars.in_use(SERVER) == []


async def test_forgotten_drawings_are_erased_unless_that_was_undone(storage: Storage) -> None:
    galleries = storage.galleries
    who = [ServerCharacter(key, key.title(), "Own") for key in ("aoi", "blue", "rei", "sora")]
    drawings = [exemplar(c.id) for c in who]
    await galleries.change(SERVER, "teach", 5, "x", NOW, characters=who, exemplars=drawings)
    merged = replace(who[1], state="merged", merged_into="aoi")
    await galleries.change(SERVER, "merge", 5, "x", NOW, characters=[merged])
    for character, at in ((who[0], NOW), (who[2], NOW), (who[3], NOW + timedelta(days=3))):
        forgotten = replace(character, state="forgotten")
        action = await galleries.change(SERVER, "forget", 5, "x", at, characters=[forgotten])
        if character.id == "rei":
            await galleries.undo(SERVER, action.id, 5)
    await storage.exemplars.erase_forgotten(NOW)
    assert len(await storage.exemplars.in_use(SERVER)) == 4
    await storage.exemplars.erase_forgotten(NOW + timedelta(days=1))
    assert [e.character_id for e in await storage.exemplars.in_use(SERVER)] == ["rei", "sora"]


async def test_servers_do_not_see_each_other(storage: Storage) -> None:
    await storage.galleries.change(
        SERVER, "teach", 5, "x", NOW,
        characters=[ServerCharacter("aoi", "Aoi")], exemplars=[exemplar()],
    )  # fmt: skip
    assert await storage.galleries.characters(SERVER + 1) == []
    assert await storage.exemplars.in_use(SERVER + 1) == []


async def test_a_proposals_drawings_wait_and_are_taken_once(storage: Storage) -> None:
    proposal = await storage.proposals.add(SERVER, 5, TeachCharacter("Aoi"), NOW)
    await storage.exemplars.propose(SERVER, proposal.id, [exemplar()])
    assert await storage.exemplars.in_use(SERVER) == []
    assert len(await storage.exemplars.of_proposal(proposal.id)) == 1
    await storage.galleries.change(SERVER, "teach", 9, "x", NOW, accept=(proposal.id, "aoi"))
    await storage.proposals.accept(proposal.id, 9)
    assert await storage.proposals.waiting(SERVER) == []
    assert not await storage.proposals.reject(SERVER, proposal.id)
    assert len(await storage.exemplars.in_use(SERVER)) == 1


async def test_a_rejected_proposal_takes_its_drawings_along(storage: Storage) -> None:
    proposal = await storage.proposals.add(SERVER, 5, TeachCharacter("Aoi"), NOW)
    await storage.exemplars.propose(SERVER, proposal.id, [exemplar()])
    assert not await storage.proposals.reject(SERVER + 1, proposal.id)
    assert await storage.proposals.reject(SERVER, proposal.id)
    assert not await storage.proposals.reject(SERVER, proposal.id)
    assert await storage.exemplars.crop_names() == set()


async def test_what_nobody_decides_is_erased_in_the_end(storage: Storage) -> None:
    proposals = storage.proposals
    for at in (NOW, NOW + timedelta(days=2)):
        proposal = await proposals.add(SERVER, 5, TeachCharacter("Aoi"), at)
        crop = replace(exemplar(), crop=f"{proposal.id}.webp")
        await storage.exemplars.propose(SERVER, proposal.id, [crop])
    decided = await proposals.add(SERVER, 5, TeachCharacter("Rei"), NOW)
    await proposals.accept(decided.id, 9)
    await proposals.erase_waiting(NOW + timedelta(days=1))
    assert [p.at for p in await proposals.waiting(SERVER)] == [NOW + timedelta(days=2)]
    assert await proposals.get(SERVER, decided.id) is not None
    assert await storage.exemplars.crop_names() == {f"{proposal.id}.webp"}


async def test_versions_are_promoted_and_rolled_back(storage: Storage) -> None:
    versions = storage.versions
    one = await versions.add(SERVER, "b1", b"1", TrainingReport(), [], NOW, promoted=True)
    two = await versions.add(SERVER, "b1", b"2", TrainingReport(), [], NOW, promoted=False)
    assert (one.number, one.state, two.number, two.state) == (1, "current", 2, "rejected")
    promoted = await versions.promote(SERVER, 2)
    assert promoted is not None
    assert promoted.state == "current"
    assert [v.state for v in await versions.list(SERVER)] == ["kept", "current"]
    assert await versions.promote(SERVER, 99) is None
    current = await versions.current(SERVER)
    assert current is not None
    assert current.number == 2
    await versions.promote(SERVER, None)
    assert await versions.current(SERVER) is None


async def test_a_promoted_version_is_never_seen_before_it_is_current(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, seen = storage.database.write, []

    @asynccontextmanager
    async def looked_at_after() -> AsyncIterator[AsyncSession]:
        async with write() as session:
            yield session
        seen.append([v.state for v in await storage.versions.list(SERVER)])

    monkeypatch.setattr(storage.database, "write", looked_at_after)
    await storage.versions.add(SERVER, "b1", b"1", TrainingReport(), [], NOW, promoted=True)
    assert seen == [["current"]]


async def test_what_became_current_after_it_was_read_is_refitted_when_it_is_erased(
    storage: Storage,
) -> None:
    versions = storage.versions
    read = await versions.add(SERVER, "b1", b"1", TrainingReport(), [], NOW, promoted=False)
    await versions.promote(SERVER, read.number)
    await versions.erase([read])
    assert await versions.to_refit() == {SERVER}
    await versions.refitted(SERVER, datetime.now(UTC))
    await versions.erase([read])  # by two at once: the second finds nothing
    assert await versions.to_refit() == set()


async def test_a_version_trained_on_something_erased_is_found(storage: Storage) -> None:
    kept = [await seen(storage, number) for number in (1, 2)]
    version = await storage.versions.add(
        SERVER, "b1", b"1", TrainingReport(), [("face", s.id) for s in kept], NOW, promoted=True
    )
    assert await storage.versions.trained_on_erased() == []
    await storage.answers.delete_by_reply(2)
    assert [v.id for v in await storage.versions.trained_on_erased()] == [version.id]
    again = await seen(storage, 3)
    assert again.id not in {s.id for s in kept}, "an erased number must not come back"
    await storage.versions.erase([version])
    assert await storage.versions.list(SERVER) == []


@pytest.fixture
def careless_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let connections begin without `secure_delete`, which some builds of SQLite turn on."""

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = real_connect(*args, **options)
        connection.execute("PRAGMA secure_delete=OFF")
        return connection

    real_connect = sqlite3.connect
    monkeypatch.setattr("aiosqlite.core.sqlite3.connect", connect)


@pytest.mark.usefixtures("careless_sqlite")
async def test_what_is_erased_is_gone_from_the_bytes(tmp_path: Path) -> None:
    """The pragma `secure_delete` does that: without it this fails."""
    secret, waiting, file = unit(77), unit(78), tmp_path / "erased.db"
    needles = (pack_vector(secret), pack_vector(waiting), b"abcdabcdabcdabcd")

    def kept() -> bytes:
        files = (file, file.with_name("erased.db-wal"))
        return b"".join(each.read_bytes() for each in files if each.exists())

    async with Storage.open(file) as storage:
        await seen(storage, 1, vector=secret, phash="abcdabcdabcdabcd", crop="7/1.webp")
        (old,) = await storage.vectors.outdated("b2")
        await storage.vectors.prepare("b2", [(old, waiting)])
        assert all(needle in kept() for needle in needles)
        await storage.answers.delete_by_reply(1)
        assert await storage.database.flush_erased()
        assert not any(needle in kept() for needle in needles)


async def test_the_next_vector_waits_unseen_and_goes_with_its_row(storage: Storage) -> None:
    first, second = [await seen(storage, number, crop=f"7/{number}.webp") for number in (1, 2)]
    await storage.galleries.change(
        SERVER, "teach", 5, "x", NOW, exemplars=[replace(exemplar(), crop="7/taught.webp")]
    )
    olds = await storage.vectors.outdated("b2")
    assert [old.kind for old in olds] == ["face", "face", "exemplar"]
    nexts = [unit(70 + place) for place in range(3)]
    await storage.vectors.prepare("b2", zip(olds, nexts, strict=True))
    assert await storage.vectors.outdated("b2") == []
    assert len(await storage.vectors.outdated("b3")) == 3
    (kept,) = await storage.faces.by_reply(2)
    assert kept.backbone == "b1"
    await storage.answers.delete_by_reply(1)
    # A crop that was erased while its face was embedded must not get a vector again.
    await storage.faces.strip_author(second.author_id or 0)
    await storage.vectors.prepare("b2", [(olds[1], nexts[1])])
    await storage.vectors.adopt("b2")
    (stripped,) = await storage.faces.by_reply(2)
    assert (stripped.vector, stripped.backbone) == (None, None)
    (taught,) = await storage.exemplars.in_use(SERVER)
    assert taught.backbone == "b2"
    assert np.abs(taught.vector - nexts[2]).max() < 1e-3
    assert await storage.vectors.lost(SERVER, "b2") == set()
    assert await storage.vectors.lost(SERVER, "b3") == {taught.character_id}
    assert first.id != second.id


async def test_consent_and_opting_out_are_remembered(storage: Storage) -> None:
    await storage.consents.set_learning(SERVER, 9, NOW, on=True)
    assert (await storage.settings.get(SERVER)).learning
    await storage.consents.set_learning(SERVER, 9, NOW, on=False)
    assert [on for _, _, on in await storage.consents.history(SERVER)] == [True, False]
    assert not await storage.consents.opted_out(5)
    await storage.consents.opt_out(5, NOW)
    await storage.consents.opt_out(5, NOW)
    assert await storage.consents.opted_out(5)
    await storage.consents.opt_in(5)
    assert not await storage.consents.opted_out(5)


async def test_leaving_erases_what_was_taught_and_trained(storage: Storage) -> None:
    await storage.galleries.change(SERVER, "teach", 5, "x", NOW, exemplars=[exemplar()])
    await storage.versions.add(SERVER, "b1", b"1", TrainingReport(), [], NOW, promoted=True)
    await storage.servers.erase_learned(SERVER)
    assert await storage.exemplars.in_use(SERVER) == []
    assert await storage.versions.list(SERVER) == []
    assert await storage.galleries.actions(SERVER) == []


async def test_a_reader_that_holds_the_log_open_keeps_no_writer_out(tmp_path: Path) -> None:
    file = tmp_path / "held.db"
    async with Storage.open(file) as storage:
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM face_observations").fetchone()
            await seen(storage, 1, vector=unit(5))
            assert not await storage.database.flush_erased()
            await seen(storage, 2, vector=unit(6))
            reader.execute("ROLLBACK")
        assert await storage.database.flush_erased()
