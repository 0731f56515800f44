"""Discord's OAuth2: sends people there, and reads who they are when they come back.

Authorization code with PKCE (RFC 7636, S256). What the code is exchanged for is read from once and
given back at once: no token of Discord's is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from web.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.config import Config

log = logging.getLogger(__name__)

SCOPES: Final = "identify guilds guilds.members.read"
API: Final = "https://discord.com/api/v10"
LOOKED_INTO: Final = 20
"""Shared servers whose roles are read at once; those of others are read when they are wanted."""

_REFUSED: Final = "Discord did not take that sign-in: begin it again."
_AWAY: Final = "Discord does not answer right now: sign in a little later."


@dataclass(frozen=True, slots=True)
class Belonging:
    """A server that somebody is in: whether they may manage it, and the ids of their roles.

    `roles` is None where they were not read.
    """

    server_id: int
    manages: bool
    roles: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Who signed in. `avatar` is the hash of a picture on Discord's CDN, empty without one."""

    user_id: int
    name: str
    avatar: str
    servers: tuple[Belonging, ...]


class DiscordOAuth:
    """Discord's OAuth2 for one application; `http` makes the requests."""

    def __init__(self, config: Config, http: aiohttp.ClientSession) -> None:
        self._api = URL(config.discord.api or API)
        self._client_id = config.web.client_id
        secret = config.web.client_secret.get_secret_value()
        self._own = {"Authorization": aiohttp.encode_basic_auth(self._client_id, secret)}
        self._http = http

    def address(self, state: str, verifier: str, redirect: str) -> URL:
        """Return where somebody is asked whether we may read who they are."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "redirect_uri": redirect,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "prompt": "none",
        }
        return (self._api.origin() / "oauth2/authorize").with_query(query)

    async def read(self, code: str, verifier: str, redirect: str, ours: Collection[int]) -> Profile:
        """Exchange a code, and read who it is of; `ours` are the servers where the bot is.

        Raises ProblemError where Discord refuses the code or does not answer.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        given = await self._post("token", form)
        token = str(given.get("access_token", ""))
        try:
            return await self._profile(token, ours)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("Discord says in an unknown way who signed in: %r", error)
            raise ProblemError(502, _AWAY) from None
        finally:
            await self._give_back(token)

    async def _profile(self, token: str, ours: Collection[int]) -> Profile:
        user = await self._get("users/@me", token)
        listed = await self._get("users/@me/guilds", token)
        shared = [each for each in listed if int(each["id"]) in ours]
        roles = await asyncio.gather(
            *(self._roles(int(each["id"]), token) for each in shared[:LOOKED_INTO])
        )
        roles += [None] * (len(shared) - len(roles))
        return Profile(
            int(user["id"]),
            str(user.get("global_name") or user["username"])[:100],
            str(user.get("avatar") or "")[:100],
            tuple(
                Belonging(int(each["id"]), _manages(each), read)
                for each, read in zip(shared, roles, strict=True)
            ),
        )

    async def _roles(self, server_id: int, token: str) -> frozenset[int] | None:
        try:
            member = await self._get(f"users/@me/guilds/{server_id}/member", token)
        except ProblemError:  # too many at once, or they left meanwhile: it is asked when wanted
            return None
        return frozenset(int(role) for role in member["roles"])

    async def _get(self, path: str, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return await self._ask("GET", self._api / path, headers=headers)

    async def _post(self, path: str, form: dict[str, str]) -> Any:
        address = self._api.origin() / "api/oauth2" / path
        return await self._ask("POST", address, data=form, headers=self._own)

    async def _ask(self, method: str, address: URL, **options: Any) -> Any:
        try:
            async with self._http.request(method, address, **options) as answer:
                if answer.status in (400, 401, 403, 404):
                    raise ProblemError(400, _REFUSED)
                if answer.status != 200:
                    raise ProblemError(502, _AWAY)
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("Discord's OAuth2 does not answer: %s", type(error).__name__)
            raise ProblemError(502, _AWAY) from None

    async def _give_back(self, token: str) -> None:
        try:
            await self._post("token/revoke", {"token": token, "token_type_hint": "access_token"})
        except ProblemError:  # it runs out by itself, and nobody kept it
            log.info("Discord did not take an access token back")


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _manages(server: dict[str, Any]) -> bool:
    administrator, manage_server = 1 << 3, 1 << 5
    granted = int(server["permissions"])
    return bool(server["owner"]) or bool(granted & (administrator | manage_server))
