"""Votes, names and galleries, end to end: the unmodified client in the local Discord."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.recognition import service
from bot.storage.records import NOT_A_FACE, Label
from models.types import SETTLED
from tests.databases import ON_BOTH
from tests.e2e.conftest import (
    PATIENCE_S,
    answered,
    asked,
    eventually,
    kept,
    label_is,
    labels,
    opened,
    settled,
    shown,
    text_of,
    watch,
)

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.inference import Stages
    from bot.storage import Answer
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.e2e.conftest import Start

pytestmark = ON_BOTH
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def voters(bot: MoedexBot, reply: Message, expected: set[int]) -> bool:
    """Say whether the votes that stand on an answer are those of these members."""
    return {v.user_id for v in await bot.services.storage.votes.for_answer(reply.id)} == expected


async def test_a_moderators_tick_settles_and_taking_it_back_unsettles(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    reply = await answered(sandbox)
    ann = sandbox.member("ann")
    await ann.react(reply, "✅")
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    await ann.unreact(reply, "✅")
    await eventually(lambda: label_is(bot, reply, None, "open"))
    face = (await labels(bot, reply))[0][0]
    log = await bot.services.storage.audit_log.of_face(face.id)
    assert [(c.before, c.after) for c in log] == [
        (None, Label.of("marin")),
        (Label.of("marin"), None),
    ]
    assert log[0].user_id == ann.id


async def test_a_vote_waits_for_an_answer_that_is_kept_seconds_later(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = bot.services.storage.answers
    unlocked, keep = asyncio.Event(), answers.add

    async def add_later(answer: Answer) -> None:
        await unlocked.wait()
        await keep(answer)

    monkeypatch.setattr(answers, "add", add_later)
    monkeypatch.setattr(service, "_UNTIL_KEPT_S", (0.0, 0.05))
    reply = await answered(sandbox)
    ben = sandbox.member("ben")
    await ben.react(reply, "✅")
    await asyncio.sleep(0.5)  # the quick looks are over
    assert not await answers.by_reply(reply.id)
    unlocked.set()
    await eventually(lambda: voters(bot, reply, {ben.id}))


async def test_a_members_tick_alone_settles_nothing(sandbox: Sandbox, bot: MoedexBot) -> None:
    reply = await answered(sandbox)
    await sandbox.member("ben").react(reply, "✅")
    await eventually(lambda: label_is(bot, reply, "marin", "open"))


async def test_a_cross_asks_who_it_is_and_the_choice_is_a_vote(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    reply = await answered(sandbox, b"2")
    await sandbox.member("ann").react(reply, "❌")
    await eventually(lambda: asked(reply))
    await shown(await sandbox.member("ann").select(reply, "Who is face 2?", ["Marin"]))
    found = await labels(bot, reply)
    assert found[1][1] is not None
    assert found[1][1].label == Label.of("marin")
    assert found[1][1].state == "settled"
    assert found[0][1] is None


async def test_a_question_open_before_a_restart_still_works(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        reply = await answered(sandbox)
        await sandbox.member("ann").react(reply, "❌")
        await eventually(lambda: asked(reply))
    async with start(stages) as bot:
        await shown(await sandbox.member("ann").select(reply, "Who is face 1?", ["Not a face"]))
        await eventually(lambda: label_is(bot, reply, NOT_A_FACE, "settled"))


async def test_a_new_name_is_added_by_a_moderator(sandbox: Sandbox, bot: MoedexBot) -> None:
    reply = await answered(sandbox)
    ann = sandbox.member("ann")
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    form = await ann.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    question = await shown(await ann.submit(form, {"name": "Aoi Sora (Our Comic)"}))
    await shown(await ann.press(question, "New character"))
    await eventually(lambda: label_is(bot, reply, "aoi_sora", "settled"))
    roster = await bot.services.galleries.roster(bot.guilds[0].id)
    assert roster.characters["aoi_sora"].series == "Our Comic"


async def test_reactions_made_while_the_bot_was_away_are_found(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        # Without learning no hash is kept that would tell that both show the same picture.
        await bot.services.storage.settings.update(bot.guilds[0].id, learning=True)
        reply, other = await answered(sandbox), await answered(sandbox)
        await sandbox.member("ann").react(other, "✅")
        await eventually(lambda: label_is(bot, other, "marin", "settled"))
    await sandbox.member("ann").react(reply, "✅")
    await sandbox.member("ann").unreact(other, "✅")
    async with start(stages) as bot:
        await eventually(lambda: voters(bot, reply, {sandbox.member("ann").id}))
        await eventually(lambda: voters(bot, other, set()))
        # Both show the same picture, so the vote on one holds for the other.
        await eventually(lambda: label_is(bot, other, "marin", "settled"))


async def test_a_cross_made_while_the_bot_was_away_asks_too(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    ann = sandbox.member("ann")
    async with start(stages) as bot:
        await watch(bot)
        reply, other = await answered(sandbox), await answered(sandbox)
        await ann.react(other, "✅")
        await eventually(lambda: voters(bot, other, {ann.id}))
    await ann.react(reply, "❌")
    async with start(stages) as bot:
        await eventually(lambda: asked(reply))
        await shown(await ann.select(reply, "Who is face 1?", ["Not a face"]))
        await eventually(lambda: label_is(bot, reply, NOT_A_FACE, "settled"))
        assert not await asked(other)


async def test_a_message_deleted_while_the_bot_was_away_takes_all_along(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
        reply = await sandbox.answer_to(posted, PATIENCE_S)
        await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    await sandbox.member("ben").delete(posted)
    async with start(stages) as bot:

        async def gone() -> bool:
            return not await bot.services.storage.faces.by_reply(reply.id)

        await eventually(gone)


async def test_fifty_members_reacting_at_once_are_fifty_votes(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    reply = await answered(sandbox)
    members = [sandbox.places.add_member(f"fan {number}") for number in range(50)]
    await asyncio.gather(*(member.react(reply, "✅") for member in members))
    await eventually(lambda: voters(bot, reply, {member.id for member in members}))
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    votes = await bot.services.storage.votes.for_answer(reply.id)
    assert sorted(vote.user_id for vote in votes) == sorted(member.id for member in members)
    # Half of them change their minds at once, some twice.
    await asyncio.gather(*(member.unreact(reply, "✅") for member in members[:25]))
    await asyncio.gather(*(member.react(reply, "✅") for member in members[:5]))
    left = {member.id for member in (*members[:5], *members[25:])}
    await eventually(lambda: voters(bot, reply, left))
    count = bot.services.storage.votes.count_of
    assert [await count(m.id) for m in members] == [3] * 5 + [2] * 20 + [1] * 25
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    await settled(sandbox, bot)


async def test_the_same_picture_again_has_the_name_it_was_settled_to(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, server_id = sandbox.member("ann"), bot.guilds[0].id
    await bot.services.storage.settings.update(server_id, learning=True)
    reply = await answered(sandbox)
    assert "Marin" in text_of(reply)
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    form = await ann.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    question = await shown(await ann.submit(form, {"name": "Shenhe"}))
    said = await shown(await ann.press(question, "New character"))
    await eventually(lambda: label_is(bot, reply, "shenhe", "settled"))

    again = await answered(sandbox)
    assert "**Shenhe, named by Ann**" in text_of(again)
    (face,) = (await kept(bot, again)).faces
    assert (face.guesses[0].character_id, face.guesses[0].by) == ("shenhe", SETTLED)
    # An answer that only repeats a label says nothing of how well the model does.
    counted = await bot.services.storage.statistics.settled_faces(server_id, LONG_AGO)
    assert [face.guess for face in counted] == ["marin"]

    await ann.press(said, "Undo")
    await eventually(lambda: label_is(bot, reply, None, "open"))
    assert "Shenhe" not in text_of(await answered(sandbox))
