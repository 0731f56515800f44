"""Deletions and edits that Discord refuses at first: remembered, and done in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.storage import Storage
from tests.e2e.conftest import answered, asked, eventually, kept

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.bot.fakes import FakeStages
    from tests.e2e.conftest import Start

DELETE = "DELETE /channels/*/messages/*"
EDIT = "PATCH /channels/*/messages/*"

FAILING: dict[str, Any] = {
    "403": lambda faults, route: faults.fail(route, 403, 50013, "Missing Permissions"),
    "503": lambda faults, route: faults.fail(route, 503, times=7),
    "429": lambda faults, route: faults.rate_limit(route, via=False, times=7),
    "cut before": lambda faults, route: faults.cut(route, times=14),  # each is tried twice
    "cut after": lambda faults, route: faults.cut(route, "after"),
}


@pytest.fixture(autouse=True)
def _impatient_outbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the outbox try again soon."""
    monkeypatch.setattr("bot.recognition.outbox.FIRST_WAIT_S", 0.05)


async def deleted(message: Message) -> bool:
    """Say whether a message is gone."""
    return message.deleted


async def is_empty(storage: Storage) -> bool:
    """Say whether nothing is left to do."""
    return await storage.outbox.next_due(without=()) is None


async def fills(bot: MoedexBot) -> bool:
    """Say whether something is to be done."""
    return not await is_empty(bot.services.storage)


async def test_an_answer_that_can_not_be_deleted_now_is_deleted_later(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    for what, fail in FAILING.items():
        card = await answered(sandbox)
        await kept(bot, card)
        assert card.referenced is not None
        fault = fail(sandbox.fault_injection, DELETE)
        await sandbox.member("ben").delete(card.referenced)
        await eventually(lambda card=card: deleted(card))
        await eventually(lambda: is_empty(bot.services.storage))
        assert fault.met == fault.times, what
    assert not [each for each in caplog.records if each.exc_info]


async def test_a_deletion_outlives_the_bot(
    sandbox: Sandbox, start: Start, stages: FakeStages, tmp_path: Path
) -> None:
    ben = sandbox.member("ben")
    sandbox.fault_injection.fail(DELETE, 403, times=None)
    async with start(stages) as bot:
        posted = await ben.post("quiet", f"<@{sandbox.bot.id}>", files=[("a.png", b"1")])
        card = await sandbox.answer_to(posted)
        await kept(bot, card)
        await ben.delete(posted)
        await eventually(lambda: fills(bot))
        await eventually(lambda: is_forgotten(bot, card))
    assert not card.deleted
    sandbox.fault_injection.clear()
    async with start(stages) as bot:
        await eventually(lambda: deleted(card))
        await eventually(lambda: is_empty(bot.services.storage))


async def is_forgotten(bot: MoedexBot, card: Message) -> bool:
    """Say whether nothing is kept of an answer."""
    return await bot.services.storage.answers.by_reply(card.id) is None


async def test_what_is_gone_already_is_done(sandbox: Sandbox, bot: MoedexBot) -> None:
    card = await answered(sandbox)
    await kept(bot, card)
    fault = sandbox.fault_injection.fail(DELETE, 403)
    assert card.referenced is not None
    await sandbox.member("ann").delete(card.referenced)
    await eventually(lambda: met(fault))
    await sandbox.member("ann").delete(card)
    await eventually(lambda: is_empty(bot.services.storage))


async def met(fault: Any) -> bool:
    """Say whether a fault is used up."""
    return fault.met == fault.times


async def test_a_card_that_can_not_ask_now_asks_later(sandbox: Sandbox, bot: MoedexBot) -> None:
    for fail in FAILING.values():
        card = await answered(sandbox)
        await kept(bot, card)
        fail(sandbox.fault_injection, EDIT)
        await sandbox.member("ben").react(card, "❌")
        await eventually(lambda card=card: asked(card))
        await eventually(lambda: is_empty(bot.services.storage))


async def test_a_question_that_nobody_wants_any_more_is_not_asked(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.recognition.outbox.FIRST_WAIT_S", 3600.0)
    card = await answered(sandbox)
    await kept(bot, card)
    ben = sandbox.member("ben")
    sandbox.fault_injection.fail(EDIT, 403, times=None)
    await ben.react(card, "❌")
    await eventually(lambda: is_put_off(bot))
    await ben.unreact(card, "❌")
    await eventually(lambda: no_votes(bot, card))
    sandbox.fault_injection.clear()
    await bot.services.outbox.ask(sandbox.server.id, card.channel.id, card.id)  # now, that is
    await eventually(lambda: is_empty(bot.services.storage))
    assert not await asked(card)


async def is_put_off(bot: MoedexBot) -> bool:
    """Say whether something was tried, and is to be tried later."""
    due = await bot.services.storage.outbox.next_due(without=())
    return due is not None and due > datetime.now(UTC) + timedelta(minutes=10)


async def no_votes(bot: MoedexBot, card: Message) -> bool:
    """Say whether no vote stands on a card."""
    return not await bot.services.storage.votes.for_answer(card.id)


async def test_what_was_to_be_done_goes_with_its_server(sandbox: Sandbox, bot: MoedexBot) -> None:
    storage = bot.services.storage
    sandbox.fault_injection.fail(DELETE, 403, times=None)
    await bot.services.outbox.delete(7, 20, 30)
    assert 7 in await storage.servers.kept()
    await bot.services.erasure.erase_server(7)
    assert 7 not in await storage.servers.kept()
    await eventually(lambda: is_empty(storage))
