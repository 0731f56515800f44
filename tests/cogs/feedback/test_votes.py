"""Reactions: whose count, which count, and how they are taken back."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.storage import Answer
from cogs.feedback.votes import Votes
from tests.bot.discord_objects import BOT_ID, IDS, person, stored_answer, stored_picture

USER = next(IDS)


@pytest.fixture
async def answer(bot: Any) -> Answer:
    kept = stored_answer(stored_picture(1))
    await bot.services.storage.answers.add(kept)
    return kept


def reaction(message_id: int, emoji: str, user_id: int = USER, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "member": None,
        "message_author_id": BOT_ID,
        "guild_id": None,
        **changes,
    }
    return Mock(
        spec=discord.RawReactionActionEvent,
        message_id=message_id,
        user_id=user_id,
        emoji=discord.PartialEmoji(name=emoji),
        **fields,
    )


def votes(bot: Any) -> Votes:
    return Votes(bot, bot.services)


async def kinds(bot: Any, answer: Answer) -> list[str]:
    return [vote.kind for vote in await bot.services.storage.votes.for_answer(answer.reply_id)]


async def test_vote_is_kept_and_taken_back(bot: Any, answer: Answer) -> None:
    cog = votes(bot)
    await cog.on_raw_reaction_add(reaction(answer.reply_id, "❌"))
    assert await kinds(bot, answer) == ["no"]
    await cog.on_raw_reaction_remove(reaction(answer.reply_id, "❌"))
    assert await kinds(bot, answer) == []


async def test_other_emoji_are_no_votes_and_ask_nothing(bot: Any, answer: Answer) -> None:
    bot.services = Mock()
    await votes(bot).on_raw_reaction_add(reaction(answer.reply_id, "🎉"))
    await votes(bot).on_raw_reaction_remove(reaction(answer.reply_id, "🎉"))
    assert bot.services.mock_calls == []


async def test_bots_do_not_vote(bot: Any, answer: Answer) -> None:
    robot = person()
    robot.bot = True
    await votes(bot).on_raw_reaction_add(reaction(answer.reply_id, "✅", member=robot))
    await votes(bot).on_raw_reaction_add(reaction(answer.reply_id, "✅", BOT_ID))
    assert await kinds(bot, answer) == []


async def test_other_peoples_messages_take_no_votes(bot: Any) -> None:
    message_id = next(IDS)
    await votes(bot).on_raw_reaction_add(reaction(message_id, "✅", message_author_id=1))
    assert await bot.services.storage.votes.for_answer(message_id) == []


async def test_vote_before_its_answer_is_kept_is_not_lost(bot: Any) -> None:
    late = stored_answer(stored_picture(1))
    voting = asyncio.create_task(votes(bot).on_raw_reaction_add(reaction(late.reply_id, "✅")))
    await asyncio.sleep(0)
    await bot.services.storage.answers.add(late)
    await voting
    assert await kinds(bot, late) == ["yes"]


async def test_clearing_reactions_takes_votes_back(bot: Any, answer: Answer) -> None:
    cog = votes(bot)
    for user_id, emoji in ((1, "✅"), (2, "❌")):
        await cog.on_raw_reaction_add(reaction(answer.reply_id, emoji, user_id))
    one = Mock(spec=discord.RawReactionClearEmojiEvent, message_id=answer.reply_id)
    one.emoji = discord.PartialEmoji(name="✅")
    await cog.on_raw_reaction_clear_emoji(one)
    assert await kinds(bot, answer) == ["no"]
    await cog.on_raw_reaction_clear(
        Mock(spec=discord.RawReactionClearEvent, message_id=answer.reply_id)
    )
    assert await kinds(bot, answer) == []
