"""Who agreed to what: servers that let the bot learn, and members who opted out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage.consents import ConsentRepository
    from bot.storage.settings import SettingsRepository


class Consent:
    """Says what may be kept."""

    def __init__(self, settings: SettingsRepository, consents: ConsentRepository) -> None:
        self._settings = settings
        self._consents = consents

    async def opted_out(self, user_id: int) -> bool:
        """Say whether a member opted out: neither pictures nor votes of theirs count."""
        return await self._consents.opted_out(user_id)

    async def learns_from(self, server_id: int, author_id: int) -> bool:
        """Say whether a server learns, and may learn from pictures of this author."""
        learns = (await self._settings.get(server_id)).learning
        return learns and not await self.opted_out(author_id)
