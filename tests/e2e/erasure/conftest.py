"""A bot that learns, with stand-in models that tell pictures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import watch
from tests.e2e.erasure.traces import TellingStages, learn_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.client import MoedexBot
    from tests.e2e.conftest import Start


@pytest.fixture
def stages() -> TellingStages:
    """Return the stages that these tests run with."""
    return TellingStages()


@pytest.fixture
async def bot(start: Start, stages: TellingStages) -> AsyncIterator[MoedexBot]:
    """Return a bot that watches fan-art and learns."""
    async with start(stages) as running:
        await watch(running)
        await learn_in(running, running.guilds[0].id)
        yield running
