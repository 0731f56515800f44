"""What was asked while the bot was away is answered late, and one bad message stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.conftest import PATIENCE_S, answered, eventually, kept, settled, text_of, watch

if TYPE_CHECKING:
    import pytest

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.bot.fakes import FakeStages
    from tests.e2e.conftest import Start

ONE = ("one.png", b"1")
LATE = "while I was away"


async def ask(sandbox: Sandbox) -> list[Message]:
    """Ask in every way that is caught up with; a picture that asks nothing comes first."""
    ben, mention = sandbox.member("ben"), f"<@{sandbox.bot.id}>"
    shown = await ben.post("quiet", files=[ONE])
    return [
        await ben.post("quiet", "!who", reply_to=shown),
        await ben.post("fan-art", files=[ONE]),
        await ben.post("quiet", mention, files=[ONE]),
        await ben.post("quiet", mention, reply_to=shown),
        await ben.post("art talk", mention, files=[ONE]),
    ]


async def late_answers(sandbox: Sandbox, asked: list[Message]) -> list[Message]:
    """Return the answers to questions, each of which is marked as late."""
    answers = [await sandbox.answer_to(each, PATIENCE_S) for each in asked]
    for answer in answers:
        assert LATE in text_of(answer)
        assert "Marin" in text_of(answer)
    return answers


async def test_what_was_asked_while_it_was_off_is_answered_once_and_oldest_first(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        before = await answered(sandbox)
    asked = await ask(sandbox)
    async with start(stages) as bot:
        answers = await late_answers(sandbox, asked)
        assert [each.id for each in answers] == sorted(each.id for each in answers)
        for each in answers:
            await kept(bot, each)
        now = await answered(sandbox)
        assert LATE not in text_of(now)
    async with start(stages) as bot:
        await settled(sandbox, bot)
        await eventually(lambda: nothing_open(bot))
    ours = [
        each
        for name in ("quiet", "fan-art", "art talk")
        for each in sandbox.messages(name)
        if each.author is sandbox.bot
    ]
    assert len(ours) == len({before.id, now.id}) + len(asked) + 1  # the last is that of `settled`


async def nothing_open(bot: MoedexBot) -> bool:
    """Say whether nothing is looked at, or for, any more."""
    cog = bot.get_cog("CatchUp")
    return not bot.services.recognition.busy and not getattr(cog, "_running", None)


async def test_a_dm_is_answered_late_where_an_answer_is_kept(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    async with start(stages) as bot:
        first = await ben.post(await ben.dm(), files=[ONE])
        await kept(bot, await sandbox.answer_to(first, PATIENCE_S))
    asked = await ben.post(await ben.dm(), files=[ONE])
    stranger = await ann.post(await ann.dm(), files=[ONE])
    async with start(stages) as bot:
        (answer,) = await late_answers(sandbox, [asked])
        await kept(bot, answer)
        await eventually(lambda: nothing_open(bot))
    async with start(stages) as bot:
        await watch(bot)
        await settled(sandbox, bot)
        await eventually(lambda: nothing_open(bot))
    assert [len(sandbox.replies(each)) for each in (first, asked, stranger)] == [1, 1, 0]


async def test_what_was_asked_in_a_gap_of_the_connection_is_answered(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await answered(sandbox)
    await sandbox.fault_injection.drop_gateway(resume=False, hold=True)
    asked = await ask(sandbox)
    sandbox.fault_injection.release_gateway()
    await late_answers(sandbox, asked)
    await settled(sandbox, bot)
    assert [len(sandbox.replies(each)) for each in asked] == [1] * len(asked)


async def test_what_is_too_old_is_not_answered(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    (asked, *_) = await ask(sandbox)
    async with start(stages, catch_up={"minutes": 0}) as bot:
        await watch(bot)
        await settled(sandbox, bot)
        await eventually(lambda: nothing_open(bot))
    assert not sandbox.replies(asked)


async def test_one_bad_message_leaves_out_itself_alone(
    sandbox: Sandbox, start: Start, stages: FakeStages, caplog: pytest.LogCaptureFixture
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        await watch(bot)
        cards = [await answered(sandbox) for _ in range(3)]
        for each in cards:
            await kept(bot, each)
        quiet = await ben.post("quiet", f"<@{sandbox.bot.id}>", files=[ONE])
        other = await sandbox.answer_to(quiet, PATIENCE_S)
        await kept(bot, other)
    for each in (cards[1], other):
        assert each.referenced is not None
        await ben.delete(each.referenced)
    asked = await ask(sandbox)
    fan_art = sandbox.channel("fan-art").id
    # Whatever reads the channel stumbles over the first card.
    sandbox.fault_injection.damage_answer(
        f"GET /channels/{fan_art}/messages",
        lambda page: [each.update(author=None) for each in page if each["id"] == str(cards[0].id)],
        times=None,
    )
    async with start(stages) as bot:
        await late_answers(sandbox, asked)
        for each in (cards[1], other):
            await eventually(lambda each=each: is_deleted(each))
    assert not cards[0].deleted
    assert "left out" in caplog.text
    assert not [each for each in caplog.records if each.exc_info]


async def is_deleted(message: Message) -> bool:
    """Say whether a message is gone."""
    return message.deleted


async def test_a_channel_that_can_not_be_read_keeps_the_others_from_nothing(
    sandbox: Sandbox, start: Start, stages: FakeStages, caplog: pytest.LogCaptureFixture
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        await watch(bot)
        fan_art = await answered(sandbox)
        await kept(bot, fan_art)
        quiet = await ben.post("quiet", f"<@{sandbox.bot.id}>", files=[ONE])
        other = await sandbox.answer_to(quiet, PATIENCE_S)
        await kept(bot, other)
    asked = await ask(sandbox)
    await ben.delete(quiet)
    refused = sandbox.fault_injection.fail(
        f"GET /channels/{sandbox.channel('fan-art').id}/messages", 403, times=2
    )
    async with start(stages):
        await eventually(lambda: is_deleted(other))
        await late_answers(sandbox, [asked[0], *asked[2:]])
        assert refused.met == 2
    assert not [each for each in caplog.records if each.exc_info]


async def test_answers_with_the_bots_own_reactions_cost_no_request(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    async with start(stages) as bot:
        await watch(bot)
        # Only answers of the plain form carry reactions.
        await bot.services.storage.settings.update(sandbox.server.id, plain=True)
        card = await answered(sandbox)
        await kept(bot, card)
        await eventually(lambda: has_both(card))
    before = len(sandbox.exchanges)
    async with start(stages) as bot:
        await eventually(lambda: has_looked(sandbox, before))
        await settled(sandbox, bot)
    routes = [each.route for each in sandbox.exchanges[before:] if each.method == "GET"]
    assert not [route for route in routes if "/reactions/" in route]


async def has_both(card: Message) -> bool:
    """Say whether both reactions are under a card."""
    return len(card.reactions) == 2


async def has_looked(sandbox: Sandbox, before: int) -> bool:
    """Say whether a channel's history was read since."""
    return any(
        each.route == "/channels/{channel_id}/messages" and each.method == "GET"
        for each in sandbox.exchanges[before:]
    )
