"""What the bot and its members may do, and what is said where they may not."""

from __future__ import annotations

import logging

import pytest

from bot.client import MoedexBot
from bot.wording import NEEDS_INTENT, WHO_MENU
from sandbox import Sandbox
from tests.bot.fakes import FakeStages
from tests.e2e.conftest import (
    Start,
    labels_of,
    settled,
    text_of,
)

ONE = ("one.png", b"1")


async def test_missing_permission_is_said_before_the_work(
    sandbox: Sandbox, bot: MoedexBot, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    sandbox.fault_injection.refuse("attach_files", channel="fan-art")
    await ben.post("fan-art", files=[ONE])
    event = await sandbox.wait_for("message_create", lambda event: event.by_bot)
    assert "**Attach Files**" in text_of(event.messages[0])
    asked = await ben.post("fan-art", "!who", files=[ONE])
    assert "**Attach Files**" in text_of(await sandbox.answer_to(asked))
    assert stages.order == []


async def test_where_nothing_can_be_sent_who_switched_it_on_gets_a_dm(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    sandbox.fault_injection.refuse("send_messages", channel="fan-art")
    await ben.post("fan-art", files=[ONE])
    event = await sandbox.wait_for("message_create", lambda event: event.by_bot)
    assert event.channel is await ann.dm()
    assert "**Send Messages**" in text_of(event.messages[0])
    await ben.post("fan-art", files=[ONE])
    sandbox.fault_injection.allow("send_messages", channel="fan-art")
    await settled(sandbox, bot)
    assert len(ann.sees(await ann.dm())) == 1


async def test_without_reactions_the_votes_of_the_plain_form_are_buttons(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await bot.services.storage.settings.update(sandbox.server.id, plain=True)
    sandbox.fault_injection.refuse("add_reactions", channel="fan-art")
    posted = await sandbox.member("ben").post("fan-art", files=[ONE])
    assert labels_of(await sandbox.answer_to(posted)) == ["Right", "Wrong"]


async def test_without_message_content_the_rest_still_works(
    sandbox: Sandbox, start: Start, stages: FakeStages, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fault_injection.grant_intents()
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    with caplog.at_level(logging.WARNING):
        async with start(stages) as bot:
            told = [each for each in caplog.records if "Message Content Intent" in each.message]
            assert len(told) == 1
            assert not bot.intents.message_content
            image = await sandbox.answer(await ben.slash("quiet", "who", {"image": ONE}))
            posted = await ben.post("quiet", files=[ONE])
            menu = await sandbox.answer(await ben.menu(posted, WHO_MENU))
            mention = await ben.post("quiet", f"<@{sandbox.bot.id}>", files=[ONE])
            direct = await ben.post(await ben.dm(), files=[ONE])
            for reply in (
                image,
                menu,
                await sandbox.answer_to(mention),
                await sandbox.answer_to(direct),
            ):
                assert "Marin" in text_of(reply)
            on = await sandbox.answer(await ann.slash("quiet", "watch on"))
            typed = await ann.post("quiet", f"<@{sandbox.bot.id}> who")
            about = await ann.post("quiet", f"<@{sandbox.bot.id}> who", reply_to=posted)
            link = (
                f"https://discord.com/channels/{sandbox.server.id}/{posted.channel.id}/{posted.id}"
            )
            linked = await sandbox.answer(await ann.slash("quiet", "who", {"link": link}))
            assert text_of(on) == text_of(linked) == NEEDS_INTENT
            assert text_of(await sandbox.answer_to(typed)) == NEEDS_INTENT
            assert text_of(await sandbox.answer_to(about)) == NEEDS_INTENT


async def test_moderators_switch_channels_on_and_others_cannot(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    refused = await ben.post("quiet", "!watch on")
    assert "**Manage Server**" in text_of(await sandbox.answer_to(refused))
    on = await sandbox.answer(await ann.slash("quiet", "watch on"))
    assert "now answer" in text_of(on)
    assert "Marin" in text_of(await sandbox.answer_to(await ben.post("quiet", files=[ONE])))
    shown = await sandbox.answer(
        await ann.slash("quiet", "settings", {"named": 95, "all_unknown": "say nothing"})
    )
    assert f"<#{sandbox.channel('quiet').id}>" in text_of(shown)
    assert "1 time in 2: 50 % (default)" in text_of(shown)
    assert "19 times in 20: 95 %" in text_of(shown)
    off = await sandbox.answer(await ann.slash("quiet", "watch off"))
    assert "no longer" in text_of(off)


async def test_characters_help_and_about(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    listed = await sandbox.answer(await ben.slash("quiet", "characters"))
    assert "**Marin** — Tests" in text_of(listed)
    choices = await ben.autocomplete("quiet", "characters", {"search": "mar"}, "search")
    assert choices == [{"name": "Marin — Tests", "value": "Marin"}]
    helped = await sandbox.answer(await ben.slash("quiet", "help"))
    assert "`!who`" in text_of(helped)
    about = await sandbox.answer(await ben.slash("quiet", "about"))
    assert "fake-1" in text_of(about)


async def test_whom_a_server_taught_is_listed_there_and_nowhere_else(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    before = await sandbox.answer(await ann.slash("quiet", "characters", {"search": "Aoi"}))
    assert "nobody like" in text_of(before)
    await sandbox.answer(
        await ann.slash("quiet", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
    )
    after = await sandbox.answer(await ann.slash("quiet", "characters", {"search": "Aoi"}))
    assert "**Aoi**" in text_of(after)
    choices = await ann.autocomplete("quiet", "characters", {"search": "ao"}, "search")
    assert [choice["value"] for choice in choices] == ["Aoi"]
    direct = await sandbox.answer(await ann.slash(await ann.dm(), "characters", {"search": "Aoi"}))
    assert "nobody like" in text_of(direct)
