"""Who is signed in on the site and with which keys, and what a process beside the bot remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.storage import Storage
from bot.storage.records import NewSession


async def test_beside_another_process_nothing_is_remembered(tmp_path: Path) -> None:
    """Who stops learning, or opts out, in one process is heard at once in the other."""
    now, file = datetime.now(UTC), tmp_path / "moedex.db"
    async with (
        Storage.open(file) as bot,
        Storage.open(file, exclusive=False) as site,
    ):
        await bot.consents.set_learning(1, 2, now, on=True)
        assert (await site.settings.get(1)).learning
        assert not await site.consents.opted_out(3)
        await bot.consents.set_learning(1, 2, now, on=False)
        await bot.consents.opt_out(3, now)
        assert not (await site.settings.get(1)).learning
        assert await site.consents.opted_out(3)


async def test_sessions_and_keys_are_their_owners(storage_url: str) -> None:
    now = datetime.now(UTC)
    async with Storage.open(storage_url) as storage:
        who = NewSession(7, "Rin", "", (1, 2))
        first = await storage.sessions.add(who, "token", now)
        await storage.sessions.add(replace(who, user_id=8), "other", now)
        assert await storage.sessions.by_token("wrong") is None
        assert await storage.sessions.by_token("token") == first
        assert await storage.sessions.rotate("token", "next", now)
        found = await storage.sessions.by_token("token")
        assert found is not None
        assert not found.current
        await storage.sessions.end(8, first.id)
        assert await storage.sessions.count_of(7) == 1
        await storage.sessions.end_old(now + timedelta(days=13))
        assert await storage.sessions.count_of(7) == 1
        await storage.sessions.end_old(now + timedelta(days=15))
        assert await storage.sessions.count_of(7) == 0
        key = await storage.api_keys.add(7, "Rin", "script", "secret", now, most=1)
        assert key is not None
        assert await storage.api_keys.add(7, "Rin", "second", "secret2", now, most=1) is None
        assert await storage.api_keys.by_key("wrong", now) is None
        assert await storage.api_keys.by_key("secret", now) == key
        assert (await storage.api_keys.of_user(7))[0].used == now
        await storage.api_keys.revoke(8, key.id)
        assert await storage.api_keys.count_of(7) == 1
        await storage.api_keys.revoke(7, key.id)
        assert await storage.api_keys.by_key("secret", now) is None
