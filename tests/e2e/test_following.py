"""Deletions, edits, lost connections, full queues and restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.client import MoedexBot
from bot.ui.answer_buttons import TAKEN_BACK, THANKS
from bot.wording import WHO_MENU
from sandbox import Sandbox
from sandbox.state.entities import Message
from tests.bot.fakes import DistinctStages, FakeStages
from tests.e2e.conftest import (
    PATIENCE_S,
    Start,
    eventually,
    kept,
    labels_of,
    settled,
    text_of,
    watch,
)

ONE = ("one.png", b"1")
TWO = ("two.png", b"2")


async def in_work(stages: FakeStages) -> None:
    """Return once the worker's thread has the picture."""
    await asyncio.to_thread(stages.started.acquire, timeout=PATIENCE_S)


async def gone(sandbox: Sandbox, message: Message) -> None:
    if not message.deleted:
        await sandbox.wait_for("message_delete", lambda event: message in event.messages)


@pytest.mark.parametrize("way", ["posted", "reply", "asker", "menu"])
async def test_message_deleted_in_mid_work_is_not_answered(
    sandbox: Sandbox, bot: MoedexBot, stages: FakeStages, way: str
) -> None:
    ben = sandbox.member("ben")
    stages.gate.clear()
    posted = await ben.post("fan-art" if way == "posted" else "quiet", files=[ONE])
    asked: Any = posted
    if way in ("reply", "asker"):
        asked = await ben.post("quiet", "!who", reply_to=posted)
    elif way == "menu":
        asked = await ben.menu(posted, WHO_MENU)
    await in_work(stages)
    await ben.delete(asked if way == "asker" else posted)
    await eventually(lambda: waits_for_nothing(bot))
    stages.gate.set()
    await settled(sandbox, bot)
    answers = [
        each
        for name in ("quiet", "fan-art")
        for each in sandbox.messages(name)
        if each.author is sandbox.bot and "Marin" in text_of(each)
    ]
    assert len(answers) == 1  # that of `settled`


async def waits_for_nothing(bot: MoedexBot) -> bool:
    return not bot.services.recognition.busy


async def test_answer_goes_with_its_message(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = [await ben.post("fan-art", files=[ONE]) for _ in range(3)]
    replies = [await sandbox.answer_to(each) for each in posted]
    for each in replies:
        await kept(bot, each)
    await ben.delete(posted[0])
    await gone(sandbox, replies[0])
    await sandbox.member("ann").delete(posted[1], posted[2])
    for each in replies[1:]:
        await gone(sandbox, each)

    async def erased() -> bool:
        ids = [each.id for each in posted]
        return not await bot.services.storage.answers.by_messages(ids)

    await eventually(erased)


async def test_answer_goes_with_the_question(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    asked = await ben.post("quiet", "!who", reply_to=await ben.post("quiet", files=[ONE]))
    reply = await sandbox.answer_to(asked)
    await kept(bot, reply)
    await ben.delete(asked)
    await gone(sandbox, reply)


async def test_deleted_channel_is_forgotten(sandbox: Sandbox, bot: MoedexBot) -> None:
    channel = sandbox.places.add_channel("short-lived")
    await bot.services.storage.settings.watch(
        sandbox.server.id, channel.id, sandbox.member("ann").id
    )
    posted = await sandbox.member("ben").post(channel, files=[ONE])
    reply = await sandbox.answer_to(posted)
    await kept(bot, reply)
    sandbox.places.delete_channel(channel)

    async def forgotten() -> bool:
        watched = await bot.services.storage.settings.watched(sandbox.server.id)
        answer = await bot.services.storage.answers.by_reply(reply.id)
        return answer is None and channel.id not in watched

    assert await eventually(forgotten)


def crops(bot: MoedexBot) -> set[str]:
    return {file.name for file in bot.services.crops.folder.rglob("*.webp")}


async def test_removed_picture_takes_its_answer_along(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("fan-art", "mine", files=[ONE])
    reply = await sandbox.answer_to(posted)
    await kept(bot, reply)
    await ben.edit(posted, "mine, as I said")
    await ben.remove_files(posted)
    await gone(sandbox, reply)
    assert sandbox.replies(posted) == []


async def test_who_that_an_edit_made_is_answered(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    await ben.post("quiet", files=[ONE])
    typed = await ben.post("quiet", "!hwo")
    await ben.edit(typed, "!who")
    assert "Marin" in text_of(await sandbox.answer_to(typed))


async def test_mention_that_an_edit_added_is_answered_once(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    mention = f"<@{sandbox.bot.id}>"
    quiet = await ben.post("quiet", "who is she?", files=[ONE])
    watched = await ben.post("fan-art", "who is she?", files=[ONE])
    await kept(bot, await sandbox.answer_to(watched))
    for posted in (quiet, watched):
        await ben.edit(posted, f"who is she? {mention}")
    assert "Marin" in text_of(await sandbox.answer_to(quiet))
    for posted in (quiet, watched):
        await ben.edit(posted, f"please, who is she? {mention}")
    await settled(sandbox, bot)
    assert [len(sandbox.replies(posted)) for posted in (quiet, watched)] == [1, 1]


async def test_full_queue_is_a_polite_busy(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    async with start(stages, inference={"queue": 1, "threads": 1}) as bot:
        await watch(bot)
        stages.gate.clear()
        ben = sandbox.member("ben")
        first = await ben.post("fan-art", files=[ONE])
        await in_work(stages)
        await ben.post("fan-art", files=[ONE])
        await eventually(lambda: one_waits(bot))
        refused = await ben.post("fan-art", files=[ONE])
        assert "I'm busy" in text_of(await sandbox.answer_to(refused))
        stages.gate.set()
        assert "Marin" in text_of(await sandbox.answer_to(first))


async def one_waits(bot: MoedexBot) -> bool:
    return bot.services.worker.waiting == 1


async def test_lost_connection_is_resumed_in_mid_work(
    sandbox: Sandbox, bot: MoedexBot, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    stages.gate.clear()
    posted = await ben.post("fan-art", files=[ONE])
    await in_work(stages)
    await sandbox.fault_injection.drop_gateway(hold=True)
    missed = await ben.post("fan-art", files=[TWO])
    deleted = await ben.post("fan-art", files=[ONE])
    await ben.delete(deleted)
    stages.gate.set()
    reply = await sandbox.answer_to(posted)
    assert "Marin" in text_of(reply)
    sandbox.fault_injection.release_gateway()
    assert "`2` **Marin**" in text_of(await sandbox.answer_to(missed))
    assert len(sandbox.gateway.resumed) == 1
    assert len(sandbox.replies(posted)) == 1


async def test_votes_are_kept_and_withdrawn(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    reply = await sandbox.answer_to(await ben.post("fan-art", files=[ONE]))
    await ann.react(reply, "✅")
    await ben.react(reply, "❌")
    await ben.react(reply, "🎉")

    async def stand(*wanted: tuple[int, str]) -> bool:
        votes = await bot.services.storage.votes.for_answer(reply.id)
        return sorted((vote.user_id, vote.kind) for vote in votes) == sorted(wanted)

    await eventually(lambda: stand((ann.id, "yes"), (ben.id, "no")))
    await ben.unreact(reply, "❌")
    await eventually(lambda: stand((ann.id, "yes")))


async def test_ephemeral_answer_is_voted_on_by_buttons(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    reply = await sandbox.answer(await ben.menu(posted, WHO_MENU))
    await kept(bot, reply)
    said = [text_of(await sandbox.answer(await ben.press(reply, "Yes"))) for _ in range(2)]
    assert said == [THANKS["yes"], TAKEN_BACK]


async def test_card_pages_after_a_restart(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        await watch(bot)
        reply = await sandbox.answer_to(
            await ben.post("fan-art", files=[("six.png", b"6")], spoiler=True)
        )
        await kept(bot, reply)
    async with start(FakeStages()):
        await ben.press(reply, "▶")
        await sandbox.wait_for("message_update", lambda event: event.message is reply)
        assert text_of(reply).startswith("`6` ||**Marin**||")
        assert labels_of(reply) == ["Yes", "Someone else", "◀", "▶"]


@pytest.mark.parametrize("away", [False, True])
async def test_answer_goes_with_a_question_of_before_a_restart(
    sandbox: Sandbox, start: Start, stages: FakeStages, away: bool
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        posted = await ben.post("quiet", files=[ONE])
        asked = await ben.post("quiet", "!who", reply_to=posted)
        reply = await sandbox.answer_to(asked)
        await kept(bot, reply)
    if away:
        await ben.delete(asked)
    async with start(FakeStages()):
        if not away:
            await ben.delete(asked)
        await gone(sandbox, reply)
    assert not posted.deleted


async def test_answer_goes_with_a_picture_that_an_edit_removed_while_the_bot_was_away(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        await watch(bot)
        posted = [await ben.post("fan-art", "mine", files=[ONE]) for _ in range(2)]
        replies = [await sandbox.answer_to(each) for each in posted]
        for each in replies:
            await kept(bot, each)
    await ben.edit(posted[0], "mine, as I said")
    await ben.remove_files(posted[1])
    async with start(FakeStages()) as bot:
        await gone(sandbox, replies[1])
        await settled(sandbox, bot)
        assert await bot.services.storage.answers.by_reply(replies[0].id)
    assert not replies[0].deleted


@pytest.mark.parametrize("away", [False, True])
async def test_what_is_kept_of_a_picture_goes_with_it_where_another_stays(
    sandbox: Sandbox, start: Start, away: bool
) -> None:
    ben = sandbox.member("ben")
    async with start(DistinctStages()) as bot:
        await watch(bot)
        storage, server_id = bot.services.storage, bot.guilds[0].id
        await storage.settings.update(server_id, learning=True)
        posted = await ben.post("fan-art", "mine", files=[ONE, TWO])
        reply = await sandbox.answer_to(posted)
        await kept(bot, reply)

        async def learned() -> bool:
            return len(crops(bot)) == 3

        await eventually(learned)
        before = crops(bot)
    if away:
        await ben.remove_files(posted, "one.png")
    async with start(DistinctStages()) as bot:  # which remembers no message

        async def gone_too() -> bool:
            return not before & crops(bot)

        if not away:
            await settled(sandbox, bot)
            await ben.edit(posted, "mine, as I said")
            await settled(sandbox, bot)
            assert before <= crops(bot)
            await ben.remove_files(posted, "one.png")
        await gone(sandbox, reply)
        await eventually(gone_too)


async def test_deleting_what_was_never_answered_sweeps_nothing(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = sandbox.member("ben")
    swept: list[int | None] = []
    monkeypatch.setattr(bot.services.erasure, "sweep_soon", swept.append)
    talk = await ben.post("quiet", "hello")
    posted = await ben.post("fan-art", files=[ONE])
    reply = await sandbox.answer_to(posted)
    await kept(bot, reply)
    await ben.delete(talk)
    await settled(sandbox, bot)
    assert swept == []
    await ben.delete(posted)

    async def asked_for() -> bool:
        return bot.guilds[0].id in swept

    await eventually(asked_for)


async def test_private_answer_goes_with_its_picture(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    answer = await sandbox.answer(await ann.menu(posted, WHO_MENU))
    assert answer.visible_to == ann.id
    await kept(bot, answer)
    await ben.delete(posted)
    await gone(sandbox, answer)
