"""A tagger's name in an answer: it says where it is from, and may be voted on like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.tagger.second_opinion import SecondOpinion
from tests.bot.fakes import FakeStages
from tests.bot.inference.test_second_opinion import UNKNOWN, SlowTagger
from tests.e2e.conftest import eventually, label_is, text_of, watch

if TYPE_CHECKING:
    from sandbox import Sandbox
    from tests.e2e.conftest import Start


async def test_the_answer_says_that_the_tagger_named_a_face(
    sandbox: Sandbox, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.tagger.second_opinion.LEAST_SIDE", 5)
    opinion = SecondOpinion(SlowTagger("marin"), 0.8)  # pyright: ignore[reportArgumentType]
    async with start(FakeStages(), opinion) as bot:
        await watch(bot)
        await bot.services.storage.settings.update(bot.guilds[0].id, named=UNKNOWN)
        posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
        reply = await sandbox.answer_to(posted)
        text = text_of(reply)
        assert (
            text == "**Marin**\n-# Tests · over 99 % · by the tagger"
        )  # the own model leaned so too
        await sandbox.member("ann").react(reply, "✅")
        await eventually(lambda: label_is(bot, reply, "marin", "settled"))
