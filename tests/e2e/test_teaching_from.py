"""*Teach from this*: a character from a posted picture, by consent alone, and gone with it."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from bot.ui.teaching_dialog import GONE
from cogs.gallery.teach_from import MENU, NO_CONSENT, NO_FILE
from tests.bot.fakes import DistinctStages, ListingStages
from tests.e2e.conftest import eventually, opened, shown, text_of

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage.records import Exemplar
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from sandbox.testing.member import Member
    from tests.bot.fakes import FakeStages
    from tests.e2e.conftest import Start

ONE = ("one.png", b"1")
OTHER = ("other.png", b"1")
WHO = "Who is it?"


async def taught_by(member: Member, posted: Message, name: str = "Aoi", series: str = "") -> str:
    """Teach from a message by its menu; return what the bot says in the end."""
    form = await member.menu(posted, MENU)
    await eventually(lambda: opened(form))
    sent = await member.submit(form, {"name": name, "series": series})
    return (await shown(sent)).content


async def exemplars(bot: MoedexBot) -> list[tuple[str, int]]:
    """Return of which characters drawings are kept, and whose they are."""
    found = await bot.services.storage.exemplars.in_use(bot.guilds[0].id)
    return [(each.character_id, each.user_id) for each in found]


async def learn(bot: MoedexBot, *, on: bool = True) -> None:
    await bot.services.storage.settings.update(bot.guilds[0].id, learning=on)


async def none_is_left(bot: MoedexBot) -> bool:
    return not await exemplars(bot) and not list(bot.services.crops.folder.rglob("*.webp"))


async def one_is_left(bot: MoedexBot, which: Exemplar) -> bool:
    left = await bot.services.storage.exemplars.in_use(bot.guilds[0].id)
    crops = [file.name for file in bot.services.crops.folder.rglob("*.webp")]
    return [each.id for each in left] == [which.id] and crops == [PurePath(which.crop or "").name]


async def test_own_picture_teaches_at_once(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann = sandbox.member("ann")
    posted = await ann.post("quiet", files=[ONE, ("notes.txt", b"bad")])
    said = await taught_by(ann, posted, "Aoi", "Elsewhere")
    assert said.startswith("I know **Aoi** (Elsewhere) now, from 1 picture.")
    assert "until its message is deleted" in said
    assert await exemplars(bot) == [("aoi", ann.id)]
    await ann.delete(posted)
    await eventually(lambda: none_is_left(bot))


async def test_somebody_elses_picture_teaches_by_consent_alone(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    assert (await shown(await ann.menu(posted, MENU))).content == NO_CONSENT
    await learn(bot)
    form = await ann.menu(posted, MENU)
    await eventually(lambda: opened(form))
    await learn(bot, on=False)  # while the form is filled in
    assert (await shown(await ann.submit(form, {"name": "Aoi"}))).content == NO_CONSENT
    await learn(bot)
    assert "I know **Aoi** now" in await taught_by(ann, posted)
    assert await exemplars(bot) == [("aoi", ben.id)]
    await shown(await ben.slash("general", "privacy optout", {"out": True}))
    await eventually(lambda: none_is_left(bot))
    assert (await shown(await ann.menu(posted, MENU))).content == NO_CONSENT


@pytest.mark.parametrize("way", ["files", "channel", "away", "off"])
async def test_what_was_taught_goes_with_its_message(
    sandbox: Sandbox, start: Start, stages: FakeStages, way: str
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    async with start(stages) as bot:
        await learn(bot)
        posted = await ben.post("quiet", "her", files=[ONE])
        await taught_by(ann, posted)
        assert len(await exemplars(bot)) == 1
        if way == "files":
            await ben.remove_files(posted)
        elif way == "channel":
            sandbox.places.delete_channel("quiet")
        elif way == "off":
            await bot.services.erasure.stop_learning(bot.guilds[0].id)
        if way != "away":
            await eventually(lambda: none_is_left(bot))
    if way == "away":
        await ben.delete(posted)
        async with start(stages) as bot:
            await eventually(lambda: none_is_left(bot))


@pytest.mark.parametrize("away", [False, True])
async def test_what_a_file_taught_goes_with_that_file(
    sandbox: Sandbox, start: Start, away: bool
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    async with start(DistinctStages()) as bot:
        await learn(bot)
        posted = await ben.post("quiet", "her", files=[ONE, OTHER])
        assert "from 2 pictures" in await taught_by(ann, posted)
        before = await bot.services.storage.exemplars.in_use(bot.guilds[0].id)
        if not away:
            await ben.remove_files(posted, "one.png")
            await eventually(lambda: one_is_left(bot, before[1]))
            await ben.edit(posted, "still her")
    if away:
        await ben.remove_files(posted, "one.png")
    async with start(DistinctStages()) as bot:
        await eventually(lambda: one_is_left(bot, before[1]))
        await ben.remove_files(posted)
        await eventually(lambda: none_is_left(bot))


async def test_a_file_that_goes_while_it_is_asked_who_is_meant_teaches_nothing(
    sandbox: Sandbox, start: Start
) -> None:
    ann = sandbox.member("ann")
    async with start(ListingStages()) as bot:
        posted = await ann.post("quiet", "her", files=[ONE, OTHER])  # which are alike
        form = await ann.menu(posted, MENU)
        await eventually(lambda: opened(form))
        question = await shown(await ann.submit(form, {"name": "Rem"}))
        await ann.remove_files(posted, "one.png")
        refused = await ann.select(question, WHO, ["!new"])
        assert (await shown(refused)).content == GONE
        assert await exemplars(bot) == []


async def test_only_what_members_post_is_learned_from(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann = sandbox.member("ann")
    await learn(bot)
    own = await ann.post("general", files=[ONE])
    for posted in (
        await ann.post("quiet", "so cute"),
        await ann.forward(own, "quiet"),
        await sandbox.places.webhook("quiet").post("Luna", files=[ONE]),
        await sandbox.answer_to(await ann.post("quiet", "!who", files=[ONE])),
    ):
        assert (await shown(await ann.menu(posted, MENU))).content == NO_FILE


async def test_who_may_not_decide_proposes_and_the_proposal_goes_with_the_message(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    assert "a moderator will decide" in await taught_by(ben, posted)
    review = await shown(await ann.slash("general", "review"))
    assert "Aoi" in text_of(review)
    await ben.delete(posted)

    async def gone() -> bool:
        return not await bot.services.storage.proposals.waiting(bot.guilds[0].id)

    await eventually(gone)


async def test_a_message_that_goes_meanwhile_teaches_nothing(
    sandbox: Sandbox, bot: MoedexBot, stages: FakeStages
) -> None:
    ann = sandbox.member("ann")
    posted = await ann.post("quiet", files=[ONE])
    form = await ann.menu(posted, MENU)
    await eventually(lambda: opened(form))
    stages.gate.clear()
    try:
        sent = await ann.submit(form, {"name": "Aoi"})
        await asyncio.to_thread(stages.started.acquire, timeout=20)
        await ann.delete(posted)
    finally:
        stages.gate.set()
    assert (await shown(sent)).content == GONE
    assert await exemplars(bot) == []
