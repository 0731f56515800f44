"""`/stats` over the local Discord: kind without data, drawn with some, and no secrets told."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import cogs.info.stats
from bot.feedback.statistics import FEWEST_SETTLED
from bot.storage.records import ServerCharacter
from tests.bot.fakes import DistinctStages
from tests.e2e.conftest import PATIENCE_S, eventually, hide_channel, watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.client import MoedexBot
    from bot.feedback.statistics import Statistics
    from bot.ui.statistics_picture import ShownPair
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from sandbox.state.interaction import Interaction
    from tests.e2e.conftest import Start

Drawn = list[tuple["Statistics", "Sequence[ShownPair]"]]


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[MoedexBot]:
    """Return a bot that names everybody Marin, and takes no picture for a copy of another."""
    async with start(DistinctStages()) as running:
        await watch(running)
        yield running


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Return what is drawn from now on, in the order of asking."""
    calls: Drawn = []

    def note(statistics: Statistics, pairs: Sequence[ShownPair]) -> bytes:
        calls.append((statistics, pairs))
        return draw(statistics, pairs)

    draw = cogs.info.stats.draw
    monkeypatch.setattr("bot.ui.statistics_picture.draw", note)
    return calls


async def asked(sandbox: Sandbox, who: str = "ben", channel: str = "general") -> Message:
    """Ask for `/stats`; returns the answer."""
    interaction = await sandbox.member(who).slash(channel, "stats")

    async def answered() -> bool:
        return bool(interaction.answers) and _says_something(interaction)

    await eventually(answered)
    return interaction.answers[0]


def _says_something(interaction: Interaction) -> bool:
    message = interaction.answers[0]
    return bool(message.content or message.attachments)


async def settle(
    sandbox: Sandbox, bot: MoedexBot, channel: str, label: str, *, spoiler: bool = False
) -> None:
    """Post a face that is called Marin, and settle who it is."""
    posted = await sandbox.member("ann").post(channel, files=[("a.png", b"1")], spoiler=spoiler)
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))
    await bot.services.votes.cast(face.reply_id, 0, 1, "is", character_id=label, decides=True)
    await bot.services.votes.judged()


async def test_without_answers_it_says_kindly_what_to_do(sandbox: Sandbox, bot: MoedexBot) -> None:
    answer = await asked(sandbox)
    assert "nothing to count yet" in answer.content
    assert not answer.attachments
    assert answer.visible_to == sandbox.member("ben").id


async def test_few_settled_faces_are_drawn_without_shares(sandbox: Sandbox, bot: MoedexBot) -> None:
    await settle(sandbox, bot, "fan-art", "marin")
    answer = await asked(sandbox)
    assert "Few faces have a settled name so far: 1" in answer.content
    assert [file.filename for file in answer.attachments] == ["stats.png"]


async def test_confused_faces_are_shown_to_whom_may_see_them(
    sandbox: Sandbox, drawn: Drawn, bot: MoedexBot
) -> None:
    server_id = bot.guilds[0].id
    await bot.services.storage.settings.update(server_id, learning=True)
    await watch(bot, "age-restricted")
    who = [ServerCharacter(key, key.title(), "Own", "あおい") for key in ("aoi", "rei", "sora")]
    now = bot.guilds[0].me.joined_at
    assert now is not None
    await bot.services.storage.galleries.change(
        server_id, "teach", 5, "taught", now, characters=who
    )
    await settle(sandbox, bot, "fan-art", "aoi")
    await settle(sandbox, bot, "fan-art", "rei", spoiler=True)
    await settle(sandbox, bot, "age-restricted", "sora")
    for _ in range(FEWEST_SETTLED):
        await settle(sandbox, bot, "fan-art", "marin")

    answer = await asked(sandbox)
    (file,) = answer.attachments
    assert Image.open(io.BytesIO(file.data)).format == "PNG"
    assert "13 answers" in (file.description or "")
    assert "10 of them confirmed and 3 corrected" in (file.description or "")
    hide_channel(sandbox, "fan-art", sandbox.member("ben"))
    await asked(sandbox)
    (_, seen), (_, unseen) = drawn
    assert [(p.said, p.meant, p.meant_native) for p in seen] == [("Marin", "Aoi", "あおい")]
    assert seen[0].crop is not None
    assert not unseen
