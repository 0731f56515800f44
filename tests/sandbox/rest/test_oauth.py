"""OAuth2 in the sandbox: as Discord documents it, and as strict."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from yarl import URL

from sandbox import Member, Sandbox
from sandbox.state.authorizations import challenge_of

REDIRECT = "http://127.0.0.1:1/signed-in"
VERIFIER = "v" * 43


class Application:
    """The application that asks, as a program sees it."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        self.registered = sandbox.application(REDIRECT)
        self.base = URL(sandbox.api_url).origin()
        self.http = http
        self.api = sandbox.api_url

    async def authorize(self, user: Member | None, **changed: str) -> tuple[int, Any]:
        """Ask, and have a human say yes, or no; return status and where that leads."""
        query = {
            "client_id": self.registered["client_id"],
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "identify guilds guilds.members.read",
            "state": "s",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }
        form = {} if user is None else {"user": str(user.id)}
        address = (self.base / "oauth2/authorize").with_query(query)
        async with self.http.post(address, data=form, allow_redirects=False) as answer:
            return answer.status, URL(answer.headers.get("Location", "")).query

    async def token(self, **form: str) -> tuple[int, Any]:
        """Call the token endpoint."""
        sent = {
            "client_id": self.registered["client_id"],
            "client_secret": self.registered["client_secret"],
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            **form,
        }
        async with self.http.post(self.base / "api/oauth2/token", data=sent) as answer:
            return answer.status, await answer.json()

    async def read(self, token: str, path: str = "/users/@me") -> tuple[int, Any]:
        """Read something with an access token."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self.api}{path}", headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def application(sandbox: Sandbox) -> Any:
    async with aiohttp.ClientSession() as http:
        yield Application(sandbox, http)


async def test_what_was_allowed_is_read(
    sandbox: Sandbox, application: Application, ben: Member
) -> None:
    status, back = await application.authorize(ben)
    assert (status, back["state"]) == (302, "s")
    _, given = await application.token(code=back["code"])
    assert given["token_type"] == "Bearer"
    token = given["access_token"]
    assert (await application.read(token))[1]["id"] == str(ben.id)
    (server,) = (await application.read(token, "/users/@me/guilds"))[1]
    assert server["id"] == str(sandbox.server.id)
    _, member = await application.read(token, f"/users/@me/guilds/{server['id']}/member")
    assert member["user"]["id"] == str(ben.id)
    # Nothing else is: it is no token of the human's own.
    assert (await application.read(token, f"/guilds/{server['id']}"))[0] == 401
    assert (await application.read(token, f"/users/{ben.id}"))[0] == 401


async def test_a_scope_that_was_not_allowed_reads_nothing(
    application: Application, ben: Member
) -> None:
    _, back = await application.authorize(ben, scope="identify")
    _, given = await application.token(code=back["code"])
    assert (await application.read(given["access_token"]))[0] == 200
    assert (await application.read(given["access_token"], "/users/@me/guilds"))[0] == 401


async def test_a_code_is_good_once_and_takes_its_tokens_along(
    application: Application, ben: Member
) -> None:
    _, back = await application.authorize(ben)
    _, given = await application.token(code=back["code"])
    status, said = await application.token(code=back["code"])
    assert (status, said["error"]) == (400, "invalid_grant")
    assert (await application.read(given["access_token"]))[0] == 401


async def test_tokens_are_renewed_and_revoked(application: Application, ben: Member) -> None:
    _, back = await application.authorize(ben)
    _, first = await application.token(code=back["code"])
    _, second = await application.token(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert (await application.read(first["access_token"]))[0] == 401
    assert (await application.read(second["access_token"]))[0] == 200
    form = {
        "token": second["access_token"],
        "client_id": application.registered["client_id"],
        "client_secret": application.registered["client_secret"],
    }
    async with application.http.post(
        application.base / "api/oauth2/token/revoke", data=form
    ) as gone:
        assert gone.status == 200
    assert (await application.read(second["access_token"]))[0] == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, 400, "invalid_grant"),
        ({"code": "none"}, 400, "invalid_grant"),
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"client_id": "1"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_what_gives_no_token(
    application: Application, ben: Member, form: dict[str, str], status: int, error: str
) -> None:
    _, back = await application.authorize(ben)
    found, said = await application.token(**{"code": back["code"], **form})
    assert (found, said["error"]) == (status, error)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "1"},
        {"response_type": "token"},
        {"scope": "identify guilds.join"},
        {"scope": ""},
        {"code_challenge_method": "plain"},
    ],
)
async def test_what_is_not_even_asked(
    application: Application, ben: Member, changed: dict[str, str]
) -> None:
    assert (await application.authorize(ben, **changed))[0] == 400


async def test_who_says_no_gives_no_code(application: Application) -> None:
    status, back = await application.authorize(None)
    assert (status, back["error"]) == (302, "access_denied")
    assert "code" not in back
