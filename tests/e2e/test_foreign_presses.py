"""A client that presses what its user may not: nothing changes, and a sentence says why.

The items stand on a message of the bot that everybody sees, which Discord itself would not allow:
the bot does not rely on that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.feedback.authority import MODERATORS_ONLY
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui.erasing import MANAGERS_ONLY
from tests.e2e.conftest import answered, eventually, kept, labels, watch

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message, Server


@pytest.fixture
async def taught(sandbox: Sandbox, bot: MoedexBot) -> MoedexBot:
    """A server that learns, with an action of Ann's, and a proposal of Ben's."""
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    now = datetime.now(UTC)
    await bot.services.storage.consents.set_learning(sandbox.server.id, ann.id, now, on=True)
    for member, name in ((ann, "Aoi"), (ben, "Midori")):
        asked = await member.slash("general", "teach", {"name": name, "image1": ("a.png", b"1")})
        await sandbox.answer(asked)
    return bot


async def everywhere(sandbox: Sandbox, custom_id: str, server: Server | None = None) -> Message:
    """Let the bot have posted an item where everybody sees it."""
    channel = sandbox.places.channel("general", server)
    if "leave_out" in custom_id or ":who:" in custom_id or "decide" in custom_id:
        options = [{"label": "Marin", "value": "marin"}, {"label": "1", "value": "1"}]
        item: dict[str, Any] = {"type": 3, "custom_id": custom_id, "options": options}
    else:
        item = {"type": 2, "style": 2, "label": "Press", "custom_id": custom_id}
    body = {"content": "press", "components": [{"type": 1, "components": [item]}]}
    return await sandbox.state.messages.post(sandbox.bot, channel, body)


async def state_of(bot: MoedexBot, server_id: int) -> list[object]:
    """Return what no foreign press may change."""
    storage = bot.services.storage
    return [
        [one.id for one in await storage.exemplars.in_use(server_id)],
        [one.id for one in await storage.proposals.waiting(server_id)],
        await storage.consents.history(server_id),
        (await bot.services.galleries.roster(server_id)).changed,
    ]


@pytest.mark.parametrize(
    ("custom_id", "why"),
    [
        ("moedex:undo:1", MODERATORS_ONLY),
        ("moedex:proposal:1:yes", MODERATORS_ONLY),
        ("moedex:proposal:1:no", MODERATORS_ONLY),
        ("moedex:skip:1:1", MODERATORS_ONLY),
        ("moedex:leave_out:1:1", MODERATORS_ONLY),
        ("moedex:erase:learning:yes", MANAGERS_ONLY),
        ("moedex:erase:learning:no", MANAGERS_ONLY),
    ],
)
async def test_what_moderators_decide(
    sandbox: Sandbox, taught: MoedexBot, custom_id: str, why: str
) -> None:
    before = await state_of(taught, sandbox.server.id)
    message = await everywhere(sandbox, custom_id)
    ben = sandbox.member("ben")
    if "leave_out" in custom_id:
        pressed = await ben.select(message, custom_id, ["1"])
    else:
        pressed = await ben.press(message, custom_id)
    assert (await sandbox.answer(pressed)).content == why
    assert await state_of(taught, sandbox.server.id) == before


async def test_a_face_of_another_server_can_not_be_named(sandbox: Sandbox, bot: MoedexBot) -> None:
    await watch(bot)
    card = await answered(sandbox)
    await kept(bot, card)
    other = sandbox.places.add_server("elsewhere")
    stranger = sandbox.places.add_member("Cem", other)
    for custom_id in (f"moedex:who:{card.id}:0", f"moedex:decide:{card.id}:0"):
        message = await everywhere(sandbox, custom_id, other)
        pressed = await stranger.select(message, custom_id, ["marin"])
        answer = await sandbox.answer(pressed)
        assert answer.content in {NO_LONGER_KEPT, MODERATORS_ONLY}
    assert await bot.services.storage.votes.for_answer(card.id) == []


async def test_a_member_who_decides_a_disputed_face_only_votes(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    await watch(bot)
    card = await answered(sandbox)
    await kept(bot, card)
    custom_id = f"moedex:decide:{card.id}:0"
    message = await everywhere(sandbox, custom_id)
    ben = sandbox.member("ben")
    await ben.select(message, custom_id, ["marin"])

    async def voted() -> bool:
        votes = await bot.services.storage.votes.for_answer(card.id)
        return [vote.user_id for vote in votes] == [ben.id]

    await eventually(voted)
    ((_, label),) = await labels(bot, card)
    assert label is None or label.state != "settled"
