"""OAuth2 (RFC 6749 with RFC 7636): what humans allow the application to read of them.

One application, the bot's. Codes live for a minute and are good once; a code that comes twice takes
the tokens with it that it gave (RFC 6749, 4.1.2).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state.entities import Json, User

CODE_SECONDS = 60.0
TOKEN_SECONDS = 604_800
SCOPES = frozenset({"identify", "guilds", "guilds.members.read"})
"""The scopes that this Discord knows of those there are."""


class GrantError(Exception):
    """A token request is refused: `error` and `description` as Discord words them."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """What the application asks a human for, as it stands in the address of the consent page."""

    redirect: str
    scopes: frozenset[str]
    state: str
    challenge: str


@dataclass(slots=True)
class Grant:
    """What a human allowed. `access` and `refresh` are empty until the code is exchanged."""

    user: User
    asked: Asked
    until: float
    access: str = ""
    refresh: str = ""
    used: bool = False


@dataclass(slots=True)
class Authorizations:
    """What humans allowed, and the application that asks for it.

    Attributes:
        redirects: Where answers may be sent: what the "developer portal" has been told.
        secret: The application's client secret.

    """

    redirects: set[str] = field(default_factory=set)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _codes: dict[str, Grant] = field(default_factory=dict)
    _access: dict[str, Grant] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)

    def allow(self, user: User, asked: Asked) -> str:
        """Let the application read what it asks for; returns the code that it exchanges."""
        code = secrets.token_urlsafe(22)
        self._codes[code] = Grant(user, asked, time.monotonic() + CODE_SECONDS)
        return code

    def exchange(self, code: str, redirect: str, verifier: str) -> Json:
        """Exchange a code for tokens. Raises GrantError."""
        grant = self._codes.get(code)
        if grant is None:
            raise GrantError("invalid_grant", 'Invalid "code" in request.')
        if grant.used or time.monotonic() > grant.until:
            self._forget(grant)
            raise GrantError("invalid_grant", 'Invalid "code" in request.')
        if redirect != grant.asked.redirect:
            raise GrantError("invalid_grant", 'Invalid "redirect_uri" in request.')
        if grant.asked.challenge and challenge_of(verifier) != grant.asked.challenge:
            raise GrantError("invalid_grant", 'Invalid "code_verifier" in request.')
        grant.used = True
        return self._give(grant)

    def renew(self, refresh: str) -> Json:
        """Exchange a refresh token for new tokens. Raises GrantError."""
        grant = self._refresh.get(refresh)
        if grant is None:
            raise GrantError("invalid_grant", 'Invalid "refresh_token" in request.')
        self._forget(grant)
        return self._give(grant)

    def revoke(self, token: str) -> None:
        """Take a token back, and what was given with it."""
        grant = self._access.get(token) or self._refresh.get(token)
        if grant is not None:
            self._forget(grant)

    def reader(self, token: str) -> tuple[User, frozenset[str]] | None:
        """Return whom an access token reads, and its scopes; None for one that is not good."""
        grant = self._access.get(token)
        if grant is None or time.monotonic() > grant.until:
            return None
        return grant.user, grant.asked.scopes

    def _give(self, grant: Grant) -> Json:
        grant.access, grant.refresh = secrets.token_urlsafe(22), secrets.token_urlsafe(22)
        grant.until = time.monotonic() + TOKEN_SECONDS
        self._access[grant.access] = self._refresh[grant.refresh] = grant
        return {
            "token_type": "Bearer",
            "access_token": grant.access,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": grant.refresh,
            "scope": " ".join(sorted(grant.asked.scopes)),
        }

    def _forget(self, grant: Grant) -> None:
        self._access.pop(grant.access, None)
        self._refresh.pop(grant.refresh, None)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
