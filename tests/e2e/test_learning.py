"""Votes, names and galleries, end to end: the unmodified client in the local Discord."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.e2e.conftest import PATIENCE_S, eventually, settled, watch

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.inference import Stages
    from bot.storage.learning_records import Label, Sighting
    from sandbox.interactions import Interaction
    from sandbox.server import Sandbox
    from sandbox.world import Message
    from tests.e2e.conftest import Start


async def answered(sandbox: Sandbox, faces: bytes = b"1") -> Message:
    """Post a picture and return the bot's card."""
    posted = await sandbox.member("ben").post("fan-art", files=[("a.png", faces)])
    return await sandbox.answer_to(posted, PATIENCE_S)


async def labels(bot: MoedexBot, reply: Message) -> list[tuple[Sighting, Label | None]]:
    """Return the faces of an answer with their labels."""
    await bot.learning.judged()
    faces = await bot.storage.sightings.by_reply(reply.id)
    return [(face, await bot.storage.labels.get(face.id)) for face in faces]


async def voters(bot: MoedexBot, reply: Message, expected: set[int]) -> bool:
    """Say whether the votes that stand on an answer are those of these members."""
    return {v.user_id for v in await bot.storage.votes.for_answer(reply.id)} == expected


async def label_is(bot: MoedexBot, reply: Message, name: str | None, state: str) -> bool:
    """Say whether the first face of an answer has that label."""
    found = await labels(bot, reply)
    label = found[0][1] if found else None
    return label is not None and (label.label, label.state) == (name, state)


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
    trail = await bot.storage.labels.trail(face.id)
    assert [(c.before, c.after) for c in trail] == [(None, "marin"), ("marin", None)]
    assert trail[0].user_id == ann.id


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
    choice = await sandbox.member("ann").select(reply, "Who is face 2?", ["Marin"])
    await eventually(lambda: responded(choice))
    found = await labels(bot, reply)
    assert found[1][1] is not None
    assert found[1][1].label == "marin"
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
        choice = await sandbox.member("ann").select(reply, "Who is face 1?", ["Not a face"])
        await eventually(lambda: responded(choice))
        await eventually(lambda: label_is(bot, reply, "!not_a_face", "settled"))


async def test_a_new_name_is_added_by_a_moderator(sandbox: Sandbox, bot: MoedexBot) -> None:
    reply = await answered(sandbox)
    ann = sandbox.member("ann")
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    form = await ann.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    sent = await ann.submit(form, {"name": "Aoi Sora (Our Comic)"})
    await eventually(lambda: responded(sent))
    question = sent.answers[0]
    chosen = await ann.select(question, "Who is it?", ["New character: Aoi Sora (Our Comic)"])
    await eventually(lambda: responded(chosen))
    await eventually(lambda: label_is(bot, reply, "aoi_sora", "settled"))
    roster = await bot.learning.roster(bot.guilds[0].id)
    assert roster.characters["aoi_sora"].series == "Our Comic"


async def test_reactions_made_while_the_bot_was_away_are_found(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
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


async def test_a_message_deleted_while_the_bot_was_away_takes_all_along(
    sandbox: Sandbox, start: Start, stages: Stages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
        reply = await sandbox.answer_to(posted, PATIENCE_S)
        await eventually(lambda: bot.storage.sightings.by_reply(reply.id))
    await sandbox.member("ben").delete(posted)
    async with start(stages) as bot:

        async def gone() -> bool:
            return not await bot.storage.sightings.by_reply(reply.id)

        await eventually(gone)


async def test_fifty_members_reacting_at_once_are_fifty_votes(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    reply = await answered(sandbox)
    members = [sandbox.add_member(f"fan {number}") for number in range(50)]
    await asyncio.gather(*(member.react(reply, "✅") for member in members))
    await eventually(lambda: voters(bot, reply, {member.id for member in members}))
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    votes = await bot.storage.votes.for_answer(reply.id)
    assert sorted(vote.user_id for vote in votes) == sorted(member.id for member in members)
    # Half of them change their minds at once, some twice.
    await asyncio.gather(*(member.unreact(reply, "✅") for member in members[:25]))
    await asyncio.gather(*(member.react(reply, "✅") for member in members[:5]))
    left = {member.id for member in (*members[:5], *members[25:])}
    await eventually(lambda: voters(bot, reply, left))
    assert [await bot.storage.votes.count_of(m.id) for m in members] == [3] * 5 + [2] * 20 + [
        1
    ] * 25
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    await settled(sandbox, bot)


async def asked(reply: Message) -> bool:
    """Say whether a card has its question."""
    return f"moedex:who:{reply.id}:0" in str(reply.components)


async def responded(interaction: Interaction) -> bool:
    """Say whether the bot answered an interaction."""
    return bool(interaction.answers)


async def opened(interaction: Interaction) -> bool:
    """Say whether the bot opened a form."""
    return interaction.modal is not None
