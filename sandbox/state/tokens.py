"""Tokens that say who sends a request: the bot's, and one for each human of the chat page."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state.entities import User


class Tokens:
    """Makes tokens of the shape of Discord's, which are good for one sandbox only."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._tokens: dict[int, str] = {}

    def of(self, user: User) -> str:
        """Return a user's token, made when first wanted."""
        if user.id not in self._tokens:
            name = urlsafe_b64encode(str(user.id).encode()).decode().rstrip("=")
            token = f"{name}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
            self._tokens[user.id] = token
            self._users[token] = user
        return self._tokens[user.id]

    def user(self, token: str) -> User | None:
        """Return whose token it is; None for an unknown one."""
        return self._users.get(token)
