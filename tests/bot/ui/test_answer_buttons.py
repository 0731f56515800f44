"""What is pressed on an answer."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui.answer_buttons import (
    ITEMS,
    TAKEN_BACK,
    THANKS,
    FacesButton,
    PageButton,
    SomeoneElseButton,
    VoteButton,
    YesButton,
)
from sandbox.state.component_tree import texts
from tests.bot.discord_objects import IDS, stored_answer, stored_picture


def pressed(bot: Any, message_id: int) -> Any:
    interaction = Mock(spec=discord.Interaction, client=bot)
    interaction.user = Mock(spec=discord.User, id=next(IDS))
    interaction.message = Mock(
        spec=discord.Message, id=message_id, components=[], embeds=[], attachments=[]
    )
    interaction.message.flags = discord.MessageFlags(components_v2=True)
    interaction.response = Mock(spec=discord.InteractionResponse)
    interaction.response.defer = AsyncMock()
    interaction.response.send_modal = AsyncMock()
    interaction.followup = Mock(spec=discord.Webhook)
    interaction.followup.send = AsyncMock()
    interaction.edit_original_response = AsyncMock()
    return interaction


def shown(interaction: Any) -> str:
    """Return the text of what an interaction showed last."""
    return texts(interaction.edit_original_response.await_args.kwargs["view"].to_components())


@pytest.mark.parametrize(
    "item",
    [
        PageButton("next", 3, opened=True),
        FacesButton(4),
        YesButton(2),
        SomeoneElseButton(2),
        VoteButton("no"),
    ],
)
def test_all_state_of_a_button_is_in_its_custom_id(item: Any) -> None:
    assert type(item) in ITEMS
    assert item.template.fullmatch(item.custom_id)
    assert item.is_persistent()


async def test_next_shows_the_faces_of_all_pictures_in_one_list(bot: Any) -> None:
    answer = stored_answer(stored_picture(4, "a.png"), stored_picture(3, "b.png"))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await PageButton("next", 0, opened=False).callback(interaction)
    interaction.response.defer.assert_awaited_once_with()
    numbers = [line.split()[0] for line in shown(interaction).split("\n") if line[0] == "`"]
    assert numbers == ["`6`", "`7`"]


async def test_page_beyond_the_last_is_the_last(bot: Any) -> None:
    answer = stored_answer(stored_picture(1))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await PageButton("next", 7, opened=False).callback(interaction)
    assert "Hatsune Miku" in shown(interaction)


async def test_yes_is_a_vote_on_its_face_and_pressed_again_taken_back(bot: Any) -> None:
    answer = stored_answer(stored_picture(3))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    interaction.message.flags.ephemeral = True
    await YesButton(1).callback(interaction)
    votes = await bot.services.storage.votes.for_answer(answer.reply_id)
    assert [(vote.face_index, vote.kind) for vote in votes] == [(1, "yes")]
    # An answer that nobody else sees is edited by whoever pressed.
    assert "`2` **Hatsune Miku, named by Ann**" in shown(interaction)
    await YesButton(1).callback(interaction)
    assert await bot.services.storage.votes.for_answer(answer.reply_id) == []
    assert "named by" not in shown(interaction)
    said = [call.args[0] for call in interaction.followup.send.await_args_list]
    assert said == [THANKS["yes"], TAKEN_BACK]


async def test_someone_else_opens_a_form_with_the_other_guesses_and_a_name(bot: Any) -> None:
    answer = stored_answer(stored_picture(1))
    await bot.services.storage.answers.add(answer)
    interaction = pressed(bot, answer.reply_id)
    await SomeoneElseButton(0).callback(interaction)
    form = interaction.response.send_modal.await_args.args[0].to_dict()
    assert form["custom_id"] == f"moedex:name:{answer.reply_id}:0"
    choice, name = (row["component"] for row in form["components"])
    assert [option["label"] for option in choice["options"]] == [
        "Kagamine Rin",
        "Rei_*Ayanami*",
        "Yuki",
        "Aoi",
        "Not a face",
        "Ignore this face",
        "Not them, and I don't know who",
    ]
    assert not choice["required"]
    assert not name["required"]
    await SomeoneElseButton(4).callback(interaction)  # no such face
    interaction.response.is_done.return_value = True
    assert interaction.response.send_modal.await_count == 1


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
