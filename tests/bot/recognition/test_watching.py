"""Which posted pictures are answered, and what an edit changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.recognition.following import Following
from bot.recognition.service import RecognitionService
from bot.recognition.watching import DM_HINT, Watching
from cogs.answering.watch import Watch
from tests.bot.discord_objects import attachment, channel, message


@pytest.fixture
def recognition() -> Any:
    """Return a service that answers nothing and notes what it was asked."""
    return Mock(
        spec=RecognitionService,
        answer=AsyncMock(),
        forget=AsyncMock(),
        is_answered=AsyncMock(return_value=False),
    )


@pytest.fixture
def cog(bot: Any, recognition: Any) -> Watch:
    services = bot.services
    storage = services.storage
    watching = Watching(
        bot,
        services.config,
        storage.settings,
        storage.state,
        recognition,
        services.questions,
        services.claims,
        Following(
            recognition, storage.answers, storage.settings, storage.exemplars, services.erasure
        ),
    )
    return Watch(bot, watching)


def edit(posted: Any) -> Any:
    return Mock(spec=discord.RawMessageUpdateEvent, message=posted, message_id=posted.id)


def asked(recognition: Any) -> list[Any]:
    return [call.args[0] for call in recognition.answer.await_args_list]


async def watched(bot: Any, **changes: Any) -> Any:
    where = channel(**changes)
    await bot.services.storage.settings.watch(where.guild.id, where.id, 1)
    return where


async def test_picture_in_a_watched_channel_is_answered(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment())
    await cog.on_message(posted)
    (question,) = asked(recognition)
    assert (question.message, question.prompt, question.asked) == (posted, posted, False)


async def test_thread_follows_its_channel(bot: Any, recognition: Any, cog: Watch) -> None:
    where = await watched(bot)
    thread = Mock(spec=discord.Thread, id=1, parent_id=where.id, guild=where.guild)
    thread.permissions_for = Mock(return_value=discord.Permissions.all())
    await cog.on_message(message(thread, attachment()))
    assert len(asked(recognition)) == 1


async def test_other_channels_are_left_alone(bot: Any, recognition: Any, cog: Watch) -> None:
    await cog.on_message(message(channel(), attachment()))
    assert asked(recognition) == []


async def test_mention_and_dm_ask(bot: Any, recognition: Any, cog: Watch) -> None:
    await cog.on_message(message(channel(), attachment(), mentions=[bot.user]))
    await cog.on_message(message(Mock(spec=discord.DMChannel), attachment(), guild=None))
    assert [question.asked for question in asked(recognition)] == [True, True]


@pytest.mark.parametrize("who", ["bot", "webhook", "system"])
async def test_bots_webhooks_and_system_messages_are_ignored(
    bot: Any, recognition: Any, cog: Watch, who: str
) -> None:
    posted = message(await watched(bot), attachment())
    posted.author.bot = who == "bot"
    posted.webhook_id = 7 if who == "webhook" else None
    if who == "system":
        posted.type = discord.MessageType.pins_add
    await cog.on_message(posted)
    await cog.on_raw_message_edit(edit(posted))
    assert asked(recognition) == []


async def test_commands_are_left_to_their_command(bot: Any, recognition: Any, cog: Watch) -> None:
    bot.get_context.return_value.valid = True
    await cog.on_message(message(await watched(bot), attachment()))
    assert asked(recognition) == []


async def test_text_in_a_dm_is_answered_with_a_hint(cog: Watch) -> None:
    posted = message(Mock(spec=discord.DMChannel), guild=None, content="hello")
    for _ in range(2):
        await cog.on_message(posted)
    posted.reply.assert_awaited_once()
    assert posted.reply.await_args.args == (DM_HINT,)


async def test_edit_of_the_text_alone_changes_nothing(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment())
    await cog.on_message(posted)
    await cog.on_raw_message_edit(edit(posted))
    assert len(asked(recognition)) == 1
    recognition.forget.assert_not_awaited()


async def test_removed_picture_takes_its_answer_along(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment())
    await cog.on_message(posted)
    posted.attachments = []
    await cog.on_raw_message_edit(edit(posted))
    recognition.forget.assert_awaited_once_with([posted.id])
    assert len(asked(recognition)) == 1


async def test_one_of_two_pictures_removed_is_answered_anew(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment("a.png"), attachment("b.png"))
    await cog.on_message(posted)
    posted.attachments = posted.attachments[:1]
    await cog.on_raw_message_edit(edit(posted))
    recognition.forget.assert_awaited_once_with([posted.id])
    assert [len(question.sources) for question in asked(recognition)] == [2, 1]


async def test_picture_that_came_with_an_edit_is_answered(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot))
    await cog.on_message(posted)
    posted.attachments = [attachment()]
    await cog.on_raw_message_edit(edit(posted))
    assert len(asked(recognition)) == 1


async def test_preview_beside_an_answered_picture_changes_nothing(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment())
    await cog.on_message(posted)
    posted.attachments = [*posted.attachments, attachment()]
    await cog.on_raw_message_edit(edit(posted))
    assert len(asked(recognition)) == 1
    recognition.forget.assert_not_awaited()


async def test_pinning_an_old_picture_answers_nothing(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    posted = message(await watched(bot), attachment())
    posted.created_at -= timedelta(hours=1)
    await cog.on_raw_message_edit(edit(posted))
    assert asked(recognition) == []


async def test_preview_of_a_page_counts_where_somebody_asks_only(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    url = "https://images-ext-1.discordapp.net/external/x/https/example.com/cat.png"
    page = discord.Embed.from_dict(
        {"type": "article", "thumbnail": {"url": url, "proxy_url": url}}  # type: ignore[typeddict-item]
    )
    where = await watched(bot)
    await cog.on_message(message(where, embeds=[page]))
    assert asked(recognition) == []
    await cog.on_message(message(where, embeds=[page], mentions=[bot.user]))
    assert len(asked(recognition)) == 1


async def test_reply_that_names_the_bot_asks_about_the_picture_replied_to(
    bot: Any, recognition: Any, cog: Watch
) -> None:
    where = channel()
    picture = message(where, attachment())
    reference = Mock(spec=discord.MessageReference, resolved=picture)
    posted = message(where, raw_mentions=[bot.user.id], reference=reference)
    await cog.on_message(posted)
    (request,) = asked(recognition)
    assert (request.message, request.prompt, request.asked) == (picture, posted, True)
