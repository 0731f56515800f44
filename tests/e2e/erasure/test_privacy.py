"""What a member asks to be erased is gone, down to the bytes; who opted out leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.ui.erasing import ERASE
from tests.databases import ON_BOTH
from tests.e2e.conftest import PATIENCE_S, confirmed, eventually, settled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.client import MoedexBot
    from sandbox import Sandbox
from tests.e2e.erasure.traces import Traces, learned, said, version_of, votes_on

pytestmark = ON_BOTH


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
    assert "1 face, 1 of them with a crop" in text
    assert "1 vote," in text
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
