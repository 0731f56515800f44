"""`/learning share`, over the local Discord: off by default, said in the open, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.storage.records import TrainingReport
from bot.ui.erasing import ERASE
from sandbox.state.errors import UsageError
from tests.e2e.conftest import confirmed, eventually

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.interaction import Interaction

OTHER = 99


async def said(interaction: Interaction) -> str:
    """Return the text of the bot's first answer."""

    async def answered() -> bool:
        return bool(interaction.answers)

    await eventually(answered)
    return interaction.answers[0].content


async def test_sharing_is_a_moderators_choice_and_can_be_taken_back(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben, storage = sandbox.member("ann"), sandbox.member("ben"), bot.services.storage
    server_id = bot.guilds[0].id
    assert "comes first" in await said(await ann.slash("general", "learning share on"))
    await said(await ann.slash("general", "learning on"))
    assert await storage.settings.sharing() == []
    with pytest.raises(UsageError, match="no command"):
        await ben.slash("general", "learning share on")
    switched = await ann.slash("general", "learning share on")
    text = await said(switched)
    assert "Never a picture" in text
    assert "vectors" in text
    assert not switched.answers[0].ephemeral
    assert await storage.settings.sharing() == [server_id]
    assert "may train" in await said(await ann.slash("general", "learning show"))
    # Another server learned from what was taught here.
    await said(await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")}))
    (taught,) = await storage.exemplars.in_use(server_id)
    await storage.versions.add(
        OTHER,
        "fake",
        b"learned",
        TrainingReport(),
        [("exemplar", taught.id)],
        datetime.now(UTC),
        promoted=True,
    )
    assert "shares nothing" in await said(await ann.slash("general", "learning share off"))
    assert await storage.settings.sharing() == []
    assert await storage.versions.list(OTHER) == []
    # To stop learning ends sharing too: it does not come back by itself.
    await said(await ann.slash("general", "learning share on"))
    await confirmed(ann, await ann.slash("general", "learning off"), ERASE["learning"])
    await said(await ann.slash("general", "learning on"))
    assert await storage.settings.sharing() == []
