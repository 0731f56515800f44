"""Answers that Discord does not take: what may pass is sent again, the rest is said more simply."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from bot.recognition.delivery import NOT_TAKEN
from bot.recognition.saying import UNANSWERED
from bot.wording import WHO_MENU
from sandbox.state.emoji import emoji_key, parse_emoji
from tests.e2e.conftest import PATIENCE_S, eventually, kept, settled, text_of

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message

MESSAGES = "POST /channels/*/messages"
ONE = ("one.png", b"1")
TYPED = ("watched", "mention", "reply", "who", "dm")

PASSING: dict[str, Any] = {
    "429": lambda faults, route: faults.rate_limit(route, via=False),
    "503": lambda faults, route: faults.fail(route, 503),
    "cut before": lambda faults, route: faults.cut(
        route, "before", times=2
    ),  # a PUT is tried twice
    "cut after": lambda faults, route: faults.cut(route, "after"),
}


async def ask(sandbox: Sandbox, way: str, text: str = "") -> Message:
    """Ask about a picture in one of the typed ways; returns the message that asked."""
    ben, mention = sandbox.member("ben"), f"<@{sandbox.bot.id}>"
    if way == "watched":
        return await ben.post("fan-art", text, files=[ONE])
    if way == "dm":
        return await ben.post(await ben.dm(), text, files=[ONE])
    if way == "mention":
        return await ben.post("quiet", f"{mention} {text}", files=[ONE])
    posted = await ben.post("quiet", files=[ONE])
    return await ben.post("quiet", "!who" if way == "who" else mention, reply_to=posted)


async def has(message: Message, emoji: str) -> bool:
    """Say whether a message has a reaction."""
    return emoji_key(parse_emoji(emoji)) in message.reactions


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the log says of answers that could not be sent."""
    return [each for each in caplog.records if "could not be sent" in each.getMessage()]


def no_traceback(caplog: pytest.LogCaptureFixture) -> bool:
    """Say whether nothing unexpected was logged."""
    return not [each for each in caplog.records if each.exc_info]


async def test_what_may_pass_is_sent_again_and_once(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {}
    for what, fail in PASSING.items():
        for way in TYPED:
            fault = fail(sandbox.fault_injection, MESSAGES)
            asked[what, way] = await ask(sandbox, way)
            answer = await sandbox.answer_to(asked[what, way], PATIENCE_S)
            assert "Marin" in text_of(answer), (what, way)
            assert fault.met
    await settled(sandbox, bot)
    assert {key: len(sandbox.replies(each)) for key, each in asked.items()} == dict.fromkeys(
        asked, 1
    )
    assert no_traceback(caplog)


async def test_an_interaction_is_answered_all_the_same(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    for fail in PASSING.values():
        for route in ("POST /interactions/*/callback", "PATCH /webhooks/*/messages/@original"):
            fail(sandbox.fault_injection, route)
            interaction = await ben.menu(posted, WHO_MENU)
            await eventually(lambda shown=interaction: names_marin(shown))
            assert len(interaction.answers) == 1
    assert no_traceback(caplog)


async def names_marin(interaction: Any) -> bool:
    """Say whether an interaction has its card."""
    return bool(interaction.answers) and "Marin" in text_of(interaction.answers[0])


async def test_a_refused_card_is_a_text(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    answers = []
    for way, status in zip(TYPED, (403, 413, 400, 403, 413), strict=True):
        sandbox.fault_injection.fail(MESSAGES, status, message="Refused")
        asked = await ask(sandbox, way)
        answers.append(await sandbox.answer_to(asked, PATIENCE_S))
        assert answers[-1].content == NOT_TAKEN
        await kept(bot, answers[-1])
        # It goes with its message like any answer.
        await sandbox.member("ben").delete(asked)
        await eventually(lambda: is_deleted(answers[-1]))
    assert len(told(caplog)) == len(TYPED)
    assert no_traceback(caplog)


async def one_line(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the log says, once it does."""
    return told(caplog)


async def is_deleted(message: Message) -> bool:
    """Say whether a message is gone."""
    return message.deleted


async def test_where_no_text_is_taken_a_reaction_says_so_and_then_a_dm(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    quiet, ben = sandbox.channel("quiet"), sandbox.member("ben")
    sandbox.fault_injection.fail(f"POST /channels/{quiet.id}/messages", 403, times=None)
    marked = await ask(sandbox, "mention")
    await eventually(lambda: has(marked, UNANSWERED))
    sandbox.fault_injection.fail(f"PUT /channels/{quiet.id}/*", 403, times=None)
    written_to = await ask(sandbox, "mention")
    dm = await ben.dm()
    await eventually(lambda: wrote(sandbox, dm))
    assert NOT_TAKEN in sandbox.messages(dm)[-1].content
    assert str(written_to.id) in sandbox.messages(dm)[-1].content
    how = [each.getMessage().rsplit("; ", 1)[1] for each in told(caplog)]
    assert how == ["a reaction says so", "a DM says so"]
    assert no_traceback(caplog)


async def wrote(sandbox: Sandbox, channel: Any) -> bool:
    """Say whether the bot said something in a channel."""
    return any(each.author is sandbox.bot for each in sandbox.messages(channel))


async def test_a_merely_watched_picture_sends_nobody_a_dm(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    fan_art, ben = sandbox.channel("fan-art"), sandbox.member("ben")
    posts = sandbox.fault_injection.fail(f"POST /channels/{fan_art.id}/messages", 403, times=2)
    sandbox.fault_injection.fail(f"PUT /channels/{fan_art.id}/*", 403)
    await ask(sandbox, "watched")
    (line,) = await eventually(lambda: one_line(caplog))
    assert line.getMessage().endswith("nothing could be said")
    assert posts.met == 2
    assert not await wrote(sandbox, await ben.dm())


async def test_a_refused_answer_to_an_interaction_is_a_text_and_then_a_dm(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    edit = "PATCH /webhooks/*/messages/@original"
    sandbox.fault_injection.fail(edit, 413, message="Request entity too large")
    interaction = await ben.menu(posted, WHO_MENU)
    answer = await sandbox.answer(interaction)
    await eventually(lambda: says(answer, NOT_TAKEN))
    sandbox.fault_injection.fail(edit, 403, times=2)
    await ben.menu(posted, WHO_MENU)
    dm = await ben.dm()
    await eventually(lambda: wrote(sandbox, dm))
    assert NOT_TAKEN in sandbox.messages(dm)[-1].content
    assert no_traceback(caplog)


async def says(message: Message, text: str) -> bool:
    """Say whether a message has come to say something."""
    return message.content == text


async def test_words_that_are_not_taken_are_a_mark(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    quiet = sandbox.channel("quiet")
    sandbox.fault_injection.fail(f"POST /channels/{quiet.id}/messages", 403, times=None)
    for text in ("!who", f"<@{sandbox.bot.id}>", "!characters"):
        asked = await sandbox.member("ben").post("quiet", text)
        await eventually(lambda asked=asked: has(asked, UNANSWERED))
    assert no_traceback(caplog)


async def test_a_picture_that_does_not_come_keeps_the_others_from_nobody(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.recognition.pipeline.STALLED_S", 0.1)
    monkeypatch.setattr("bot.recognition.downloads.READ_S", 0.5)
    ben, two = sandbox.member("ben"), ("two.png", b"1")
    sandbox.fault_injection.break_download("two.png", stall=60.0, times=3)
    posted = await ben.post("fan-art", files=[ONE, two])
    first, second = await eventually(lambda: two_replies(sandbox, posted))
    assert "Marin" in text_of(first)
    assert "two.png could not be fetched" in second.content
    # The third is resumed, and the fault used up.
    posted = await ben.post("fan-art", files=[ONE, two])
    replies = await eventually(lambda: two_replies(sandbox, posted))
    assert all("Marin" in text_of(each) for each in replies)
    for each in replies:
        await kept(bot, each)
    await ben.delete(posted)
    for each in replies:
        await eventually(lambda each=each: is_deleted(each))


async def two_replies(sandbox: Sandbox, message: Message) -> list[Message] | None:
    """Return the two answers to a message, once they are there."""
    replies = sandbox.replies(message)
    return replies if len(replies) == 2 else None


async def test_a_command_is_answered_in_parts_too(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.recognition.pipeline.STALLED_S", 0.1)
    monkeypatch.setattr("bot.recognition.downloads.READ_S", 0.5)
    ben = sandbox.member("ben")
    sandbox.fault_injection.break_download("two.png", stall=60.0)
    posted = await ben.post("quiet", files=[ONE, ("two.png", b"1")])
    interaction = await ben.menu(posted, WHO_MENU)
    await eventually(lambda: two_answers(interaction))
    assert all("Marin" in text_of(each) for each in interaction.answers)
    await ben.delete(posted)
    for each in interaction.answers:
        await eventually(lambda each=each: is_deleted(each))


async def two_answers(interaction: Any) -> bool:
    """Say whether an interaction has two answers."""
    return len(interaction.answers) == 2
