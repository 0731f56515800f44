"""The one body behind all ways of asking."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.config import load_config
from bot.inference import QueueFull
from bot.recognition.delivery import MessageReply, Said
from bot.recognition.pipeline import LEFT_OUT, Asking, Question
from bot.recognition.sources import Source
from tests.bot.discord_objects import IDS, channel, identified, message, person


def source(name: str = "a.png") -> Source:
    return Source(key=name, name=name, read=AsyncMock(return_value=b"data"))


def reply_to(message_id: int | None = None) -> Any:
    sent = Mock(spec=discord.Message, id=next(IDS), channel=channel())
    sent.add_reaction = AsyncMock()
    found = Mock(
        spec=MessageReply, upload_limit=10**7, reactions=True, message_id=message_id, private=False
    )
    found.typing = Mock(return_value=nullcontext())
    found.send = AsyncMock(return_value=sent)
    found.withdraw = AsyncMock()
    return found


def question(*sources: Source, **changes: Any) -> Any:
    message_id = next(IDS)
    fields: dict[str, Any] = {
        "sources": sources or (source(),),
        "asker": person(),
        "guild": channel().guild,
        "channel_id": next(IDS),
        "source": message_id,
        "prompt": message_id,
        "reply": reply_to(message_id),
    }
    return Question(**{**fields, **changes})


def said(asked: Any) -> tuple[Any, Any, list[discord.File]]:
    (sent,) = asked.reply.send.await_args.args
    return sent.content, sent.embed, list(sent.files)


async def test_answer_is_a_card_kept_and_seeded(bot: Any) -> None:
    asked = question(source("a.png"), source("b.png"))
    await bot.asking.ask(asked)
    content, embed, files = said(asked)
    assert content is None
    assert "Hatsune Miku" in embed.description
    assert [file.description for file in files] == ["Hatsune Miku on the left"] * 2
    assert len({file.filename for file in files}) == 2
    sent = asked.reply.send.return_value
    assert [call.args for call in sent.add_reaction.await_args_list] == [("✅",), ("❌",)]
    kept = await bot.storage.answers.by_reply(sent.id)
    assert kept.source_message_id == asked.source
    assert len(kept.faces) == 2


async def test_spoiler_hides_file_text_and_alt_text(bot: Any) -> None:
    asked = question(source("SPOILER_a.png"))
    await bot.asking.ask(asked)
    _, embed, (file,) = said(asked)
    assert file.spoiler
    assert file.filename.startswith("SPOILER_")
    assert "Miku" not in (file.description or "")
    assert "||**Hatsune Miku**" in embed.description


async def test_one_bad_picture_leaves_the_others_answered(bot: Any) -> None:
    bot.worker.identify.side_effect = [identified(1), QueueFull()]
    asked = question(source("a.png"), source("b.png"))
    await bot.asking.ask(asked)
    content, embed, files = said(asked)
    assert "busy" in content
    assert embed is not None
    assert len(files) == 1


async def test_same_sentence_is_said_once(bot: Any) -> None:
    bot.worker.identify.side_effect = QueueFull()
    asked = question(source("a.png"), source("b.png"))
    await bot.asking.ask(asked)
    assert said(asked)[0].count("busy") == 1


async def test_no_face_is_said_where_asked_only(bot: Any) -> None:
    bot.worker.identify.side_effect = lambda *_, **__: identified(0)
    asked, watched = question(), question(asked=False)
    await bot.asking.ask(asked)
    await bot.asking.ask(watched)
    assert "a.png" in said(asked)[0]
    watched.reply.send.assert_not_awaited()


async def test_all_unknown_is_answered_or_not_as_the_server_sets_it(bot: Any) -> None:
    bot.worker.identify.side_effect = lambda *_, **__: identified(1, unknown=True)
    talkative, quiet = question(asked=False), question(asked=False)
    await bot.storage.settings.update(quiet.guild.id, on_all_unknown="quiet")
    asked = question(guild=quiet.guild)
    for each in (talkative, quiet, asked):
        await bot.asking.ask(each)
    talkative.reply.send.assert_awaited_once()
    quiet.reply.send.assert_not_awaited()
    asked.reply.send.assert_awaited_once()


async def test_servers_threshold_reaches_the_worker(bot: Any) -> None:
    asked = question()
    await bot.storage.settings.update(asked.guild.id, threshold=0.9)
    await bot.asking.ask(asked)
    assert bot.worker.identify.await_args.kwargs["threshold"] == 0.9


async def test_more_pictures_than_allowed_are_said(bot: Any) -> None:
    bot.config = load_config(None, pictures={"per_message": 2})
    asked = question(*(source(f"{number}.png") for number in range(3)))
    await bot.asking.ask(asked)
    assert said(asked)[0] == "Of 3 pictures I looked at the first 2."


@pytest.mark.parametrize("which", ["source", "prompt"])
async def test_deleted_message_cancels_its_work(bot: Any, which: str) -> None:
    started, deleted = asyncio.Event(), asyncio.Event()

    async def work(*_: Any, **__: Any) -> Any:
        started.set()
        await deleted.wait()
        return identified(1)

    bot.worker.identify.side_effect = work
    asked = question(prompt=next(IDS))
    task = asyncio.create_task(bot.asking.ask(asked))
    await started.wait()
    assert bot.asking.is_open(asked.prompt)
    await bot.asking.forget([getattr(asked, which)])
    deleted.set()
    await task
    bot.worker.cancel.assert_called_once_with(asked.prompt)
    asked.reply.send.assert_not_awaited()
    assert not bot.asking.is_open(asked.prompt)


async def test_answer_sent_while_its_message_was_deleted_is_taken_back(bot: Any) -> None:
    asked = question()
    sent = asked.reply.send.return_value

    async def send(*_: Any) -> Any:
        await bot.asking.forget([asked.source])
        return sent

    asked.reply.send.side_effect = send
    await bot.asking.ask(asked)
    asked.reply.withdraw.assert_awaited_once_with(sent)
    assert await bot.storage.answers.by_reply(sent.id) is None


async def test_given_answer_goes_with_its_message(bot: Any) -> None:
    asked = question()
    await bot.asking.ask(asked)
    await bot.asking.forget([asked.source])
    assert await bot.storage.answers.by_source(asked.source) == []
    partial = bot.get_partial_messageable.return_value.get_partial_message
    partial.assert_called_once_with(asked.reply.send.return_value.id)


async def test_private_answer_goes_with_its_picture(bot: Any) -> None:
    asked = question()
    asked.reply.message_id, asked.reply.private = None, True
    await bot.asking.ask(asked)
    await bot.asking.forget([asked.source])
    asked.reply.withdraw.assert_awaited_once_with(None)
    bot.get_partial_messageable.assert_not_called()


async def test_nothing_is_said_or_logged_of_a_picture_that_the_end_cut_off(
    bot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    read = AsyncMock(side_effect=RuntimeError("Session is closed"))
    broken = Source(key="a.png", name="a.png", read=read)
    bot.is_closed = Mock(return_value=True)
    asked = question(broken)
    await bot.asking.ask(asked)
    asked.reply.send.assert_not_awaited()
    assert not caplog.records


async def test_vanished_message_is_no_error(bot: Any) -> None:
    asked = question()
    response = Mock(status=400, reason="Bad Request")
    asked.reply.send.side_effect = discord.HTTPException(
        response, {"code": 50035, "message": "message_reference: Unknown message"}
    )
    await bot.asking.ask(asked)


async def test_cooldown_is_said_where_asked_only(bot: Any) -> None:
    bot.config = load_config(None, cooldowns={"user_times": 1})
    bot.asking = Asking(bot)
    who = person()
    first, second, watched = question(asker=who), question(asker=who), question(asker=who)
    watched.asked = False
    for each in (first, second, watched):
        await bot.asking.ask(each)
    assert "ask again in" in said(second)[0]
    watched.reply.send.assert_not_awaited()
    assert bot.worker.identify.await_count == 1


async def test_picture_left_out_of_a_watched_channel_is_marked_once_a_cooldown(bot: Any) -> None:
    bot.config = load_config(None, cooldowns={"user_times": 1})
    bot.asking = Asking(bot)
    who = person()
    watched = [
        question(asker=who, asked=False, found_in=message(channel(), author=who)) for _ in range(3)
    ]
    for each in watched:
        await bot.asking.ask(each)
    answered, marked, unmarked = watched
    answered.found_in.add_reaction.assert_not_awaited()
    marked.found_in.add_reaction.assert_awaited_once_with(LEFT_OUT)
    unmarked.found_in.add_reaction.assert_not_awaited()
    marked.reply.send.assert_not_awaited()


async def test_picture_left_out_is_not_marked_where_reactions_are_forbidden(bot: Any) -> None:
    bot.config = load_config(None, cooldowns={"user_times": 1})
    bot.asking = Asking(bot)
    who = person()
    await bot.asking.ask(question(asker=who))
    late = question(asker=who, asked=False, found_in=message(channel(), author=who))
    late.reply.reactions = False
    await bot.asking.ask(late)
    late.found_in.add_reaction.assert_not_awaited()
    late.reply.send.assert_not_awaited()


async def test_cooldown_of_a_server_holds_for_all_in_it(bot: Any) -> None:
    bot.config = load_config(None, cooldowns={"server_times": 1})
    bot.asking = Asking(bot)
    first, guild = question(), channel().guild
    first.guild = guild
    second = question(guild=guild)
    await bot.asking.ask(first)
    await bot.asking.ask(second)
    assert "This server" in said(second)[0]


async def test_reply_pings_nobody_but_may_name_its_author() -> None:
    posted = message(channel())
    await MessageReply(posted).send(Said("hello"))
    sent = posted.reply.await_args.kwargs
    assert sent["mention_author"] is False
    assert sent["allowed_mentions"].to_dict() == {
        "parse": [],
        "users": [posted.author.id],
    }
