"""The one body behind all ways of asking."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.app import build_services
from bot.config import load_config
from bot.inference import QueueFull
from bot.recognition.refusals import LEFT_OUT
from bot.recognition.replies import MessageReply, OutgoingMessage
from bot.recognition.request import RecognitionRequest, by_message
from bot.recognition.service import RecognitionService
from bot.recognition.sources import Source
from models.gallery.policy import NamingPolicy
from models.types import Tier
from sandbox.state.component_tree import texts
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
    found.missing = Mock(return_value=[])
    return found


def question(*sources: Source, **changes: Any) -> Any:
    where = channel()
    posted = message(where)
    fields: dict[str, Any] = {
        "mode": "identify",
        "asker": posted.author,
        "guild": where.guild,
        "channel": where,
        "channel_id": where.id,
        "prompt_id": posted.id,
        "reply": reply_to(posted.id),
        "sources": sources or (source(),),
        "message": posted,
        "prompt": posted,
    }
    return RecognitionRequest(**{**fields, **changes})


def limited(bot: Any, **cooldowns: object) -> RecognitionService:
    """Return the service of a bot with other cool-downs."""
    config = load_config(None, cooldowns=cooldowns)
    services = bot.services
    return build_services(config, services.storage, services.worker, bot).recognition


def said(asked: Any) -> tuple[str, list[discord.File]]:
    """Return the text of an answer of either form, and its files."""
    (sent,) = asked.reply.send.await_args.args
    if isinstance(sent.view, discord.ui.LayoutView):
        return texts(sent.view.to_components()), list(sent.files)
    embed = sent.embed.description if sent.embed else ""
    return f"{sent.content or ''}\n{embed}".strip(), list(sent.files)


async def test_answer_is_a_list_of_all_faces_and_kept(bot: Any) -> None:
    asked = question(source("a.png"), source("b.png"))
    await bot.services.recognition.answer(asked)
    text, files = said(asked)
    assert [line.split()[0] for line in text.splitlines() if line[0] == "`"] == ["`1`", "`2`"]
    assert [file.filename for file in files] == ["faces.jpg", "face-1.jpg", "face-2.jpg"]
    assert files[0].description is not None
    assert files[0].description.startswith("Face 1, centre: Hatsune Miku (VOCALOID), 83 %.")
    assert files[1].description == "Hatsune Miku (VOCALOID), 83 %."
    (sent,) = asked.reply.send.await_args.args
    assert list(sent.parts) == ["view"]  # Discord refuses texts and embeds beside components v2
    sent = asked.reply.send.return_value
    sent.add_reaction.assert_not_awaited()
    kept = await bot.services.storage.answers.by_reply(sent.id)
    assert kept.source_message_id == asked.message.id
    assert len(kept.faces) == 2


@pytest.mark.parametrize("faces", [1, 2])
async def test_the_plain_form_is_seeded_and_has_one_picture(bot: Any, faces: int) -> None:
    bot.services.worker.identify.side_effect = lambda *_, **__: identified(faces)
    asked = question()
    await bot.services.storage.settings.update(asked.guild.id, plain=True)
    await bot.services.recognition.answer(asked)
    text, (file,) = said(asked)
    assert "**Hatsune Miku**" in text
    assert file.filename == ("face-1.jpg" if faces == 1 else "faces.jpg")
    sent = asked.reply.send.return_value
    assert [call.args for call in sent.add_reaction.await_args_list] == [("✅",), ("❌",)]


async def test_what_could_not_be_drawn_is_answered_all_the_same(
    bot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bot.services.worker.draw.side_effect = ValueError("no card fits into 3 bytes")
    asked = question()
    await bot.services.recognition.answer(asked)
    text, files = said(asked)
    assert "**Hatsune Miku**" in text
    assert files == []
    assert "could not be drawn" in caplog.text


@pytest.mark.parametrize("plain", [False, True])
async def test_spoiler_hides_file_text_and_alt_text(bot: Any, plain: bool) -> None:
    asked = question(source("SPOILER_a.png"))
    await bot.services.storage.settings.update(asked.guild.id, plain=plain)
    await bot.services.recognition.answer(asked)
    text, (file,) = said(asked)
    assert file.spoiler
    assert file.filename.startswith("SPOILER_")
    assert "Miku" not in (file.description or "")
    assert "||**Hatsune Miku**" in text


async def test_more_faces_than_are_shown_are_counted(bot: Any) -> None:
    bot.services.worker.identify.side_effect = lambda *_, **__: replace(identified(2), more=3)
    asked = question()
    await bot.services.recognition.answer(asked)
    assert "And 3 more faces: I show the 2 that I see best." in said(asked)[0]


async def test_one_bad_picture_leaves_the_others_answered(bot: Any) -> None:
    bot.services.worker.identify.side_effect = [identified(1), QueueFull()]
    asked = question(source("a.png"), source("b.png"))
    await bot.services.recognition.answer(asked)
    text, files = said(asked)
    assert "busy" in text.splitlines()[0]
    assert "Hatsune Miku" in text
    assert len(files) == 1


async def test_same_sentence_is_said_once(bot: Any) -> None:
    bot.services.worker.identify.side_effect = QueueFull()
    asked = question(source("a.png"), source("b.png"))
    await bot.services.recognition.answer(asked)
    assert said(asked)[0].count("busy") == 1


async def test_no_face_is_said_where_asked_only(bot: Any) -> None:
    bot.services.worker.identify.side_effect = lambda *_, **__: identified(0)
    asked, watched = question(), question(asked=False, tells_no_face=False)
    await bot.services.recognition.answer(asked)
    await bot.services.recognition.answer(watched)
    assert "a.png" in said(asked)[0]
    watched.reply.send.assert_not_awaited()


async def test_all_unknown_is_answered_or_not_as_the_server_sets_it(bot: Any) -> None:
    bot.services.worker.identify.side_effect = lambda *_, **__: identified(1, tier=Tier.NOT_KNOWN)
    talkative, quiet = question(asked=False), question(asked=False)
    await bot.services.storage.settings.update(quiet.guild.id, on_all_unknown="quiet")
    asked = question(guild=quiet.guild)
    for each in (talkative, quiet, asked):
        await bot.services.recognition.answer(each)
    talkative.reply.send.assert_awaited_once()
    quiet.reply.send.assert_not_awaited()
    asked.reply.send.assert_awaited_once()


async def test_servers_threshold_reaches_the_worker(bot: Any) -> None:
    asked = question()
    await bot.services.storage.settings.update(asked.guild.id, named=0.9)
    await bot.services.recognition.answer(asked)
    assert bot.services.worker.identify.await_args.kwargs["policy"] == NamingPolicy(named=0.9)


async def test_more_pictures_than_allowed_are_said(bot: Any) -> None:
    config = load_config(None, pictures={"per_message": 2})
    services = build_services(config, bot.services.storage, bot.services.worker, bot)
    asked = question(*(source(f"{number}.png") for number in range(3)))
    await services.recognition.answer(asked)
    assert said(asked)[0].startswith("Of 3 pictures I looked at the first 2.\n")


@pytest.mark.parametrize("which", ["pictures", "prompt"])
async def test_deleted_message_cancels_its_work(bot: Any, which: str) -> None:
    started, deleted = asyncio.Event(), asyncio.Event()

    async def work(*_: Any, **__: Any) -> Any:
        started.set()
        await deleted.wait()
        return identified(1)

    bot.services.worker.identify.side_effect = work
    asked = question(message=message(channel()))
    task = asyncio.create_task(bot.services.recognition.answer(asked))
    await started.wait()
    assert bot.services.recognition.is_open(asked.prompt_id)
    await bot.services.recognition.forget(
        [asked.prompt_id if which == "prompt" else asked.message.id]
    )
    deleted.set()
    await task
    bot.services.worker.cancel.assert_called_once_with(asked.prompt_id)
    asked.reply.send.assert_not_awaited()
    assert not bot.services.recognition.is_open(asked.prompt_id)


async def test_answer_sent_while_its_message_was_deleted_is_taken_back(bot: Any) -> None:
    asked = question()
    sent = asked.reply.send.return_value

    async def send(*_: Any) -> Any:
        await bot.services.recognition.forget([asked.message.id])
        return sent

    asked.reply.send.side_effect = send
    await bot.services.recognition.answer(asked)
    assert await to_delete(bot) == [sent.id]
    assert await bot.services.storage.answers.by_reply(sent.id) is None


async def to_delete(bot: Any) -> list[int]:
    """Return the messages that Discord is to delete."""
    entries = await bot.services.storage.outbox.take(datetime.now(UTC), without=(), limit=9)
    return [each.message_id for each in entries if each.task == "delete"]


async def test_given_answer_goes_with_its_message(bot: Any) -> None:
    asked = question()
    await bot.services.recognition.answer(asked)
    await bot.services.recognition.forget([asked.message.id])
    assert await bot.services.storage.answers.by_source(asked.message.id) == []
    assert await to_delete(bot) == [asked.reply.send.return_value.id]


async def test_private_answer_goes_with_its_picture(bot: Any) -> None:
    asked = question()
    asked.reply.message_id, asked.reply.private = None, True
    await bot.services.recognition.answer(asked)
    await bot.services.recognition.forget([asked.message.id])
    asked.reply.withdraw.assert_awaited_once_with(asked.reply.send.return_value)
    assert await to_delete(bot) == []


async def test_nothing_is_said_or_logged_of_a_picture_that_the_end_cut_off(
    bot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    read = AsyncMock(side_effect=RuntimeError("Session is closed"))
    broken = Source(key="a.png", name="a.png", read=read)
    bot.is_closed = Mock(return_value=True)
    asked = question(broken)
    await bot.services.recognition.answer(asked)
    asked.reply.send.assert_not_awaited()
    assert not caplog.records


async def test_vanished_message_is_no_error(bot: Any) -> None:
    asked = question()
    response = Mock(status=400, reason="Bad Request")
    asked.reply.send.side_effect = discord.HTTPException(
        response, {"code": 50035, "message": "message_reference: Unknown message"}
    )
    await bot.services.recognition.answer(asked)


async def test_cooldown_is_said_where_asked_only(bot: Any) -> None:
    recognition, who = limited(bot, user_times=1), person()
    first, second, watched = (question(asker=who) for _ in range(3))
    watched.asked = False
    for each in (first, second, watched):
        await recognition.answer(each)
    assert "ask again in" in second.prompt.reply.await_args.args[0]
    watched.reply.send.assert_not_awaited()
    watched.prompt.reply.assert_not_awaited()
    assert bot.services.worker.identify.await_count == 1


async def test_picture_left_out_of_a_watched_channel_is_marked_once_a_cooldown(bot: Any) -> None:
    recognition, who = limited(bot, user_times=1), person()
    watched = [question(asker=who, asked=False) for _ in range(3)]
    for each in watched:
        await recognition.answer(each)
    answered, marked, unmarked = watched
    answered.prompt.add_reaction.assert_not_awaited()
    marked.prompt.add_reaction.assert_awaited_once_with(LEFT_OUT)
    unmarked.prompt.add_reaction.assert_not_awaited()
    marked.reply.send.assert_not_awaited()


async def test_picture_left_out_is_not_marked_where_reactions_are_forbidden(bot: Any) -> None:
    recognition, who = limited(bot, user_times=1), person()
    await recognition.answer(question(asker=who))
    late = question(asker=who, asked=False)
    late.reply.reactions = False
    await recognition.answer(late)
    late.prompt.add_reaction.assert_not_awaited()
    late.reply.send.assert_not_awaited()


async def test_cooldown_of_a_server_holds_for_all_in_it(bot: Any) -> None:
    recognition = limited(bot, server_times=1)
    first = question()
    second = question(guild=first.guild)
    await recognition.answer(first)
    await recognition.answer(second)
    assert "This server" in second.prompt.reply.await_args.args[0]


async def test_reply_pings_nobody_but_may_name_its_author() -> None:
    posted = message(channel())
    await MessageReply(posted).send(OutgoingMessage("hello"))
    sent = posted.reply.await_args.kwargs
    assert sent["mention_author"] is False
    assert sent["allowed_mentions"].to_dict() == {
        "parse": [],
        "users": [posted.author.id],
    }


async def test_missing_permissions_are_found_before_the_work(bot: Any) -> None:
    held = discord.Permissions.all()
    held.attach_files = False
    where = channel(held)
    posted = message(where)
    await bot.services.recognition.answer(by_message(posted, [source()], asked=False))
    bot.services.worker.identify.assert_not_awaited()
    where.send.assert_awaited_once()
