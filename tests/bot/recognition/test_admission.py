"""The one door that every request goes through, `/teach` and corrections too."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.app import build_services
from bot.config import load_config
from bot.errors import UserError
from bot.feedback.subjects import FaceSubject
from bot.recognition.admission import ATTACHMENTS, CORRECTIONS, OPTED_OUT, Reason, Refusal
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.recognition.request import (
    RecognitionRequest,
    by_interaction,
    by_message,
    to_correct,
    to_enrol,
)
from bot.recognition.sources import Source
from bot.services import Services
from bot.ui.naming_question import WhoSelect
from cogs.gallery.teach import Teach
from tests.bot.discord_objects import (
    CHARACTERS,
    IDS,
    attachment,
    channel,
    message,
    person,
    stored_answer,
    stored_picture,
)


def source(number: int = 0) -> Source:
    return Source(key=str(number), name="a.png", read=AsyncMock(return_value=b"data"))


def interaction(where: Any, who: Any = None, client: Any = None) -> Any:
    found = Mock(
        spec=discord.Interaction, id=next(IDS), channel=where, channel_id=where.id,
        guild=where.guild, guild_id=where.guild.id, filesize_limit=10**7, client=client,
        user=who or person(guild_permissions=discord.Permissions.all()),
        app_permissions=discord.Permissions.all(),
    )  # fmt: skip
    found.response = Mock(defer=AsyncMock(), is_done=Mock(return_value=True))
    found.edit_original_response = AsyncMock()
    found.followup = Mock(send=AsyncMock())
    return found


def services(bot: Any, **sections: dict[str, object]) -> Services:
    """Return the services of a bot that is configured otherwise."""
    before = bot.services
    bot.services = build_services(load_config(None, **sections), before.storage, before.worker, bot)
    return bot.services


async def refused(found: Services, request: RecognitionRequest) -> Reason | None:
    """Return why a request is refused; None where it is admitted."""
    try:
        await found.recognition.admit(request)
    except Refusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("way", ["message", "interaction", "teach"])
async def test_each_way_counts_for_the_same_cooldown(bot: Any, way: str) -> None:
    found, where, who = services(bot, cooldowns={"user_times": 1}), channel(), person()

    def ask() -> RecognitionRequest:
        if way == "message":
            return by_message(message(where, author=who), [source()])
        asked = interaction(where, who)
        if way == "teach":
            return to_enrol(asked, [source()])
        return by_interaction(asked, [source()], ephemeral=False)

    assert await refused(found, ask()) is None
    assert await refused(found, ask()) is Reason.COOL_DOWN
    assert await refused(found, to_enrol(interaction(where, who), [source()])) is Reason.COOL_DOWN


async def test_a_server_is_limited_in_what_it_enrols(bot: Any) -> None:
    found, where = services(bot, cooldowns={"server_times": 1}), channel()
    assert await refused(found, to_enrol(interaction(where), [source()])) is None
    assert await refused(found, to_enrol(interaction(where), [source()])) is Reason.COOL_DOWN


async def test_corrections_have_a_wider_cooldown_of_their_own(bot: Any) -> None:
    found, where, who = services(bot, cooldowns={"user_times": 1}), channel(), person()
    asked = interaction(where, who)
    for _ in range(CORRECTIONS):
        assert await refused(found, to_correct(asked, [])) is None
    assert await refused(found, to_correct(asked, [])) is Reason.COOL_DOWN
    assert await refused(found, by_message(message(where, author=who), [source()])) is None


@pytest.mark.parametrize("mode", ["embed", "correct"])
async def test_who_opted_out_neither_teaches_nor_corrects(bot: Any, mode: Any) -> None:
    who = person()
    await bot.services.storage.consents.opt_out(who.id, discord.utils.utcnow())
    asked = interaction(channel(), who)
    request = to_enrol(asked, [source()]) if mode == "embed" else to_correct(asked, [])
    with pytest.raises(Refusal, match="opted out") as caught:
        await bot.services.recognition.admit(request)
    assert str(caught.value) == OPTED_OUT[mode]


async def test_who_opted_out_is_answered_all_the_same(bot: Any) -> None:
    posted = message(channel())
    await bot.services.storage.consents.opt_out(posted.author.id, discord.utils.utcnow())
    assert await refused(bot.services, by_message(posted, [source()])) is None


async def test_a_face_of_an_age_restricted_channel_is_corrected_there_only(bot: Any) -> None:
    restricted = channel(nsfw=True)
    restricted.guild.get_channel_or_thread = Mock(return_value=restricted)
    elsewhere = channel()
    elsewhere.guild = restricted.guild
    there, here = interaction(restricted), interaction(elsewhere)
    assert await refused(bot.services, to_correct(there, [restricted.id])) is None
    assert await refused(bot.services, to_correct(here, [restricted.id])) is Reason.AGE_RESTRICTED


async def test_only_a_card_needs_permissions(bot: Any) -> None:
    asked = interaction(channel())
    asked.app_permissions = discord.Permissions.none()
    shown = by_interaction(asked, [source()], ephemeral=False)
    assert await refused(bot.services, shown) is Reason.PERMISSIONS
    assert await refused(bot.services, to_enrol(asked, [source()])) is None


async def test_what_is_pointed_at_is_looked_for_only_where_it_can_be_answered(bot: Any) -> None:
    finder = AsyncMock()
    posted = message(channel(discord.Permissions.none()))
    assert await refused(bot.services, by_message(posted, finder=finder)) is Reason.PERMISSIONS
    finder.assert_not_awaited()


async def test_pictures_beyond_the_limit_are_left_out(bot: Any) -> None:
    posted = message(channel())
    many = [source(number) for number in range(ATTACHMENTS + 3)]
    admitted = await bot.services.recognition.admit(by_message(posted, many))
    assert (len(admitted.sources), admitted.left_out) == (ATTACHMENTS, 3)


async def test_teach_refused_looks_at_nothing_and_keeps_nothing(bot: Any) -> None:
    found = services(bot, cooldowns={"user_times": 1})
    cog: Any = Teach(found)
    asked = interaction(channel())
    await cog.teach.callback(cog, asked, "Newcomer", attachment())
    with pytest.raises(Refusal, match="ask again in"):
        await cog.teach.callback(cog, asked, "Rin", attachment())
    assert bot.services.worker.identify.await_count == 1
    assert len(await found.storage.galleries.actions(asked.guild_id)) == 1


async def test_teach_says_which_picture_is_too_large(bot: Any) -> None:
    cog: Any = Teach(bot.services)
    with pytest.raises(UserError, match=r"^big\.png is larger than 25 MB"):
        await cog.teach.callback(
            cog, interaction(channel()), "Aoi", attachment("big.png", size=26 * 2**20)
        )


async def test_a_refused_correction_is_said_once_and_is_no_vote(bot: Any) -> None:
    found, where = bot.services, channel()
    answer = stored_answer(stored_picture(1), server_id=where.guild.id, channel_id=where.id)
    await found.storage.answers.add(answer)
    asked = interaction(where, client=bot)
    asked.data = {"values": [CHARACTERS[1].id]}
    await found.storage.consents.opt_out(asked.user.id, discord.utils.utcnow())
    await WhoSelect(FaceSubject(answer.reply_id, 0)).callback(asked)
    asked.followup.send.assert_awaited_once_with(OPTED_OUT["correct"], ephemeral=True)
    assert await found.storage.votes.for_answer(answer.reply_id) == []


async def test_a_face_that_is_not_kept_can_not_be_corrected(bot: Any) -> None:
    asked = interaction(channel(), client=bot)
    asked.data = {"values": [CHARACTERS[1].id]}
    await WhoSelect(FaceSubject(next(IDS), 0)).callback(asked)
    asked.followup.send.assert_awaited_once_with(NO_LONGER_KEPT, ephemeral=True)
