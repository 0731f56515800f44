"""Which message and picture a question is about."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.errors import UserError
from bot.recognition.questions import NO_PICTURE, OWN_ANSWER, Questions
from bot.recognition.service import RecognitionService
from tests.bot.discord_objects import attachment, channel, message, stored_answer, stored_picture

STARTER = discord.MessageType.thread_starter_message


@pytest.fixture
def recognition() -> Any:
    """Return a service that finds what each request is about, and answers nothing."""

    async def find(request: Any) -> None:
        await request.find()

    return Mock(
        spec=RecognitionService,
        answer=AsyncMock(side_effect=find),
        await_answer=AsyncMock(return_value=None),
    )


@pytest.fixture
def questions(bot: Any, recognition: Any) -> Questions:
    return Questions(bot, bot.services.config, recognition)


def found(recognition: Any) -> tuple[Any, list[str]]:
    """Return the message that the last request is about, and its pictures' names."""
    request = recognition.answer.await_args.args[0]
    return request.message, [source.name for source in request.sources]


def holding(where: Any, *messages: Any) -> Any:
    """Let a channel hold messages, the newest first."""

    async def history(**_: Any) -> Any:
        for each in messages:
            yield each

    async def fetch(message_id: int) -> Any:
        for each in messages:
            if each.id == message_id:
                return each
        raise discord.NotFound(Mock(status=404, reason=""), "Unknown message")

    where.history = history
    where.fetch_message = fetch
    return where


def thread_of(parent: Any, *messages: Any, start: Any = None) -> Any:
    """Return a thread, opened on a message of its parent where there is one."""
    found = Mock(spec=discord.Thread, id=start.id if start else 1, guild=parent.guild)
    found.parent = parent
    return holding(found, *messages)


def reply(to: Any, content: str = "!who", **changes: Any) -> Any:
    reference = Mock(spec=discord.MessageReference, resolved=to, message_id=to.id)
    return message(to.channel, content=content, reference=reference, **changes)


def mine(bot: Any, where: Any, *files: Any) -> Any:
    return message(where, *files, author=bot.user)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("maki", None),
        ("maki.jpg_large", "application/octet-stream"),
        ("stereo.mpo", None),
        ("clip.mp4", "video/mp4"),
        ("a.zip", "application/zip"),
    ],
)
async def test_what_the_asker_attached_is_meant_whatever_it_is(
    questions: Questions, recognition: Any, name: str, kind: str | None
) -> None:
    where = channel()
    older = message(where, attachment("older.png"))
    holding(where, older)
    asked = message(where, attachment(name, content_type=kind), content="!who")
    await questions.by_text(asked)
    assert found(recognition) == (asked, [name])
    in_reply = reply(older)
    in_reply.attachments = [attachment(name, content_type=kind)]
    await questions.by_text(in_reply)
    assert found(recognition) == (in_reply, [name])


async def test_alone_it_takes_the_last_picture_of_anybody(
    bot: Any, questions: Questions, recognition: Any
) -> None:
    where = channel()
    robot = message(where, attachment("robot.png"), webhook_id=7)
    robot.author.bot = True
    holding(
        where,
        message(where, content="nice"),
        mine(bot, where, attachment("card.jpg")),
        message(where, attachment("notes.txt", content_type="text/plain")),
        message(where, attachment("scan.tif", content_type="image/tiff")),
        robot,
        message(where, attachment("older.png")),
    )
    await questions.by_text(message(where, content="!who"))
    assert found(recognition) == (robot, ["robot.png"])


async def test_in_a_thread_its_start_is_the_first_picture(
    questions: Questions, recognition: Any
) -> None:
    parent = channel()
    start = message(parent, attachment("start.png"))
    first = message(parent, type=STARTER)
    first.reference = Mock(spec=discord.MessageReference, resolved=start)
    thread = thread_of(parent, message(parent, content="hm"), first, start=start)
    await questions.by_text(message(thread, content="!who"))
    assert found(recognition) == (start, ["start.png"])


async def test_the_start_of_a_long_thread_is_found_too(
    questions: Questions, recognition: Any
) -> None:
    parent = channel()
    start = message(parent, attachment("start.png"))
    holding(parent, start)
    thread = thread_of(parent, message(parent, content="hm"), start=start)
    await questions.by_text(message(thread, content="!who"))
    assert found(recognition) == (start, ["start.png"])


async def test_the_first_message_of_a_forum_post(questions: Questions, recognition: Any) -> None:
    forum = Mock(spec=discord.ForumChannel, guild=channel().guild)
    start = message(channel(), attachment("post.png"))
    thread = thread_of(forum, start, start=start)
    await questions.by_text(message(thread, content="!who"))
    assert found(recognition) == (start, ["post.png"])


async def test_a_reply_to_the_start_of_a_thread(questions: Questions, recognition: Any) -> None:
    parent = channel()
    start = message(parent, attachment("start.png"))
    holding(parent, start)
    thread = thread_of(parent, start=start)
    await questions.by_text(reply(message(thread, type=STARTER)))
    assert found(recognition) == (start, ["start.png"])


async def test_a_reply_to_an_own_answer_is_about_what_it_answers(
    bot: Any, questions: Questions, recognition: Any
) -> None:
    where = channel()
    posted = message(where, attachment("posted.png"))
    answer = mine(bot, where, attachment("card.jpg"))
    holding(where, posted, answer)
    recognition.await_answer.return_value = stored_answer(
        stored_picture(1), reply_id=answer.id, source_message_id=posted.id
    )
    await questions.by_text(reply(answer))
    assert found(recognition) == (posted, ["posted.png"])


@pytest.mark.parametrize("why", ["not kept", "its own source", "gone"])
async def test_never_the_cards_of_an_own_answer(
    bot: Any, questions: Questions, recognition: Any, why: str
) -> None:
    where = channel()
    answer = mine(bot, where, attachment("card.jpg"))
    holding(where, answer)
    source = {"its own source": answer.id, "gone": 3}.get(why)
    if source is not None:
        recognition.await_answer.return_value = stored_answer(source_message_id=source)
    with pytest.raises(UserError, match=OWN_ANSWER):
        await questions.by_text(reply(answer))


async def test_a_reply_takes_files_without_a_name_too_and_says_where_there_is_none(
    questions: Questions, recognition: Any
) -> None:
    where = channel()
    await questions.by_text(reply(message(where, attachment("maki", content_type=None))))
    assert found(recognition)[1] == ["maki"]
    with pytest.raises(UserError, match=NO_PICTURE):
        await questions.by_text(reply(message(where, content="so cute")))
