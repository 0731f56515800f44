"""Keys of the API: made for somebody's programs, shown once, and kept as hashes."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from web.problems import ProblemError

if TYPE_CHECKING:
    from bot.storage.api_keys import ApiKeyRepository
    from bot.storage.records import ApiKey

MOST: Final = 10
"""Keys of one person, at most."""
PREFIX: Final = "moedex_"
"""What every key begins with, by which scanners for leaked secrets can tell it."""


class Keys:
    """Makes and reads keys."""

    def __init__(self, kept: ApiKeyRepository) -> None:
        self._kept = kept

    async def make(self, user_id: int, user_name: str, label: str) -> str:
        """Make a key that its owner calls `label`; it is never to be had again.

        Raises ProblemError where they have too many.
        """
        key = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        made = await self._kept.add(user_id, user_name, label, key, now, most=MOST)
        if made is None:
            raise ProblemError(409, f"You have {MOST} keys: revoke one first.")
        return key

    async def read(self, authorization: str) -> ApiKey:
        """Return the key of an `Authorization` header. Raises ProblemError 401."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() == "bearer" and key.startswith(PREFIX):
            found = await self._kept.by_key(key, datetime.now(UTC))
            if found is not None:
                return found
        raise ProblemError(
            401, "That key is not good, or was revoked.", {"WWW-Authenticate": "Bearer"}
        )
