"""The buttons under an answer."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord

from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui.answer_view import (
    TAKEN_BACK,
    THANKS,
    CardState,
    PageButton,
    VoteButton,
    card_view,
)
from tests.bot.discord_objects import IDS, stored_answer, stored_picture


def labels(view: discord.ui.View | None) -> list[str | None]:
    assert view is not None
    return [getattr(item, "item").label for item in view.children]  # noqa: B009


def pressed(bot: Any, message_id: int) -> Any:
    interaction = Mock(spec=discord.Interaction, client=bot)
    interaction.user = Mock(spec=discord.User, id=next(IDS))
    interaction.message = Mock(spec=discord.Message, id=message_id, components=[])
    interaction.response = Mock(spec=discord.InteractionResponse)
    interaction.response.defer = AsyncMock()
    interaction.followup = Mock(spec=discord.Webhook)
    interaction.followup.send = AsyncMock()
    interaction.edit_original_response = AsyncMock()
    return interaction


async def test_one_face_needs_no_paging() -> None:
    view = card_view([stored_picture(1)], CardState(), guesses=5)
    assert labels(view) == ["Next 4 guesses"]


async def test_one_guess_a_face_needs_no_button_at_all() -> None:
    assert card_view([stored_picture(1)], CardState(), guesses=1) is None


async def test_ephemeral_answer_has_votes_as_buttons() -> None:
    view = card_view([stored_picture(1)] * 2, CardState(1, opened=True, votes=True), guesses=5)
    assert labels(view) == ["◀", "▶", "Best guess only", "Right", "Wrong"]


async def test_all_state_is_in_the_custom_id() -> None:
    view = card_view([stored_picture(1)] * 2, CardState(1, opened=True, votes=True), guesses=5)
    assert view is not None
    ids = [getattr(item, "custom_id") for item in view.children]  # noqa: B009
    assert ids[0] == "moedex:card:back:1:1"
    assert len(set(ids)) == len(ids)
    assert view.is_persistent()
    for item in view.children:
        assert isinstance(item, PageButton | VoteButton)
        assert item.template.fullmatch(item.custom_id)


async def test_next_shows_the_next_picture(bot: Any) -> None:
    answer = stored_answer(stored_picture(1, "a.png"), stored_picture(1, "b.png"))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await PageButton("next", 0, opened=False).callback(interaction)
    interaction.response.defer.assert_awaited_once_with()
    card = interaction.edit_original_response.await_args.kwargs["embed"]
    assert card.author.name == "Picture 2 of 2 · b.png"


async def test_page_beyond_the_last_is_the_last(bot: Any) -> None:
    answer = stored_answer(stored_picture(1))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await PageButton("next", 7, opened=False).callback(interaction)
    assert interaction.edit_original_response.await_args.kwargs["embed"].description


async def test_answer_no_longer_kept_is_said_privately(bot: Any) -> None:
    interaction = pressed(bot, next(IDS))
    await PageButton("next", 0, opened=False).callback(interaction)
    interaction.followup.send.assert_awaited_once_with(NO_LONGER_KEPT, ephemeral=True)


async def test_vote_button_votes_and_takes_back(bot: Any) -> None:
    answer = stored_answer(stored_picture(1))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await VoteButton("yes").callback(interaction)
    assert [vote.kind for vote in await bot.services.storage.votes.for_answer(answer.reply_id)] == [
        "yes"
    ]
    await VoteButton("yes").callback(interaction)
    assert await bot.services.storage.votes.for_answer(answer.reply_id) == []
    said = [call.args[0] for call in interaction.followup.send.await_args_list]
    assert said == [THANKS["yes"], TAKEN_BACK]
