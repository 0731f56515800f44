"""What may be tried against signing in, and what it gets; docs/site.md has the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from yarl import URL

from sandbox import Sandbox
from tests.web.conftest import Served, authorized, csrf_of, served, sign_in
from web.signing_in.handlers import inside


def cookie(site: Served, value: str) -> None:
    site.client.cookie_jar.update_cookies({"moedex": value}, URL(site.url))


async def signed_in(site: Served) -> bool:
    async with site.client.get(site.url) as page:
        return 'name="csrf"' in await page.text()


async def test_a_change_that_another_site_asks_for(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ben"))
        token = await csrf_of(site)
        tries = [
            {},
            {"data": {"csrf": ""}},
            {"data": {"csrf": "0" * 64}},
            {"data": {"csrf": "é"}},
            {"json": {"csrf": token}},
            {"data": {"csrf": token}, "headers": {"Sec-Fetch-Site": "cross-site"}},
            {"data": {"csrf": token}, "headers": {"Sec-Fetch-Site": "same-site"}},
        ]
        for options in tries:
            async with site.client.post(f"{site.url}sign-out", **options) as answer:
                assert answer.status == 403, options
        large = {"csrf": token, "more": "x" * 2**17}
        async with site.client.post(f"{site.url}sign-out", data=large) as answer:
            assert answer.status == 413
        assert await signed_in(site)
        headers = {"X-CSRF-Token": token}
        async with site.client.post(f"{site.url}sign-out", headers=headers) as answer:
            assert answer.status == 200
        assert not await signed_in(site)


async def test_the_token_of_another_session_is_not_good(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ann"))
        of_ann = await csrf_of(site)
        site.client.cookie_jar.clear()
        await sign_in(site, sandbox.member("ben"))
        async with site.client.post(f"{site.url}sign-out", data={"csrf": of_ann}) as answer:
            assert answer.status == 403


async def test_a_forged_cookie(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ben"))
        real = site.client.cookie_jar.filter_cookies(URL(site.url))["moedex"].value
        token, signature = real.rsplit(".", 1)
        other = token[:-1] + ("B" if token.endswith("A") else "A")
        for forged in (token, f"{token}.", f"{other}.{signature}", "", ".", "x" * 5000):
            site.client.cookie_jar.clear()
            cookie(site, forged)
            assert not await signed_in(site), forged


async def test_what_is_kept_is_no_cookie(tmp_path: Path, sandbox: Sandbox) -> None:
    """Whoever reads the database can sign nobody in, nor who reads the log."""
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ben"))
        real = site.client.cookie_jar.filter_cookies(URL(site.url))["moedex"].value
    kept = (tmp_path / "site.db").read_bytes()
    assert real.split(".")[0].encode() not in kept
    assert sandbox.state.authorizations.secret.encode() not in kept


async def test_the_cookie_is_out_of_reach(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        back = await authorized(site, sandbox.member("ben"))
        async with site.client.get(back, allow_redirects=False) as done:
            (said,) = [c for c in done.headers.getall("Set-Cookie") if c.startswith("moedex=")]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(said.split("; "))


async def test_over_https_the_cookie_goes_over_https_alone(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    public = "https://moedex.example"
    sandbox.application(f"{public}/signed-in")
    async with served(tmp_path, sandbox=sandbox, public_url=public) as site:
        async with site.client.get(f"{site.url}sign-in", allow_redirects=False) as begun:
            begun_with = begun.headers["Set-Cookie"]
            asked = URL(begun.headers["Location"], encoded=True)
        assert asked.query["redirect_uri"] == f"{public}/signed-in"
        assert "Secure" in begun_with
        ben = {"user": str(sandbox.member("ben").id)}
        async with site.client.post(asked, data=ben, allow_redirects=False) as said:
            back = URL(said.headers["Location"]).query
        # The proxy before the site speaks HTTPS; the test passes the cookie on as it would.
        headers = {"Cookie": begun_with.split(";")[0]}
        async with site.client.get(
            f"{site.url}signed-in", params=dict(back), headers=headers, allow_redirects=False
        ) as done:
            (cookie,) = [
                c for c in done.headers.getall("Set-Cookie") if c.startswith("__Host-moedex=")
            ]
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


async def test_a_state_that_comes_again(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        back = await authorized(site, sandbox.member("ben"))
        attempt = site.client.cookie_jar.filter_cookies(back)["moedex_sign_in"].value
        async with site.client.get(back, allow_redirects=False) as first:
            assert first.status == 303
        site.client.cookie_jar.clear()
        headers = {"Cookie": f"moedex_sign_in={attempt}"}
        async with site.client.get(back, headers=headers, allow_redirects=False) as again:
            assert again.status == 400
        assert not await signed_in(site)


async def test_a_code_that_is_used_twice(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        first = await authorized(site, sandbox.member("ben"))
        async with site.client.get(first, allow_redirects=False) as done:
            assert done.status == 303
        site.client.cookie_jar.clear()
        second = await authorized(site, sandbox.member("ann"))
        mixed = second.update_query(code=first.query["code"])
        async with site.client.get(mixed, allow_redirects=False) as answer:
            assert answer.status == 400
        assert not await signed_in(site)


async def test_a_code_that_was_taken_from_another_browser(tmp_path: Path, sandbox: Sandbox) -> None:
    """PKCE: it is good with the verifier alone that it was asked for with."""
    async with served(tmp_path, sandbox=sandbox) as site:
        stolen = await authorized(site, sandbox.member("ben"))
        site.client.cookie_jar.clear()
        own = await authorized(site, sandbox.member("ann"))
        async with site.client.get(
            own.update_query(code=stolen.query["code"]), allow_redirects=False
        ) as answer:
            assert answer.status == 400


async def test_a_sign_in_that_another_browser_began(tmp_path: Path, sandbox: Sandbox) -> None:
    """A link that would sign the victim in as the attacker is refused: its cookie is missing."""
    async with served(tmp_path, sandbox=sandbox) as site:
        attackers = await authorized(site, sandbox.member("ann"))
        site.client.cookie_jar.clear()
        async with site.client.get(attackers, allow_redirects=False) as answer:
            assert answer.status == 400
        # Not even where the victim is about to sign in.
        await authorized(site, sandbox.member("ben"))
        async with site.client.get(attackers, allow_redirects=False) as answer:
            assert answer.status == 400
        assert not await signed_in(site)


async def test_a_session_that_was_planted(tmp_path: Path, sandbox: Sandbox) -> None:
    """Signing in always makes a new token, and ends the session that the browser came with."""
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ann"))
        planted = site.client.cookie_jar.filter_cookies(URL(site.url))["moedex"].value
        site.client.cookie_jar.clear()
        cookie(site, planted)
        await sign_in(site, sandbox.member("ben"))
        own = site.client.cookie_jar.filter_cookies(URL(site.url))["moedex"].value
        assert own != planted
        site.client.cookie_jar.clear()
        cookie(site, planted)
        assert not await signed_in(site)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "http:evil.example",
        "/\r\nLocation: https://evil.example/",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(address: str) -> None:
    assert inside(address) == "/"


def test_signing_in_leads_back_to_where_it_began() -> None:
    assert inside("/characters?q=a%2Fb&start=1") == "/characters?q=a%2Fb&start=1"


async def test_nobody_signs_in_by_an_address_that_is_not_registered(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        headers = {"Host": "evil.example"}
        async with site.client.get(
            f"{site.url}sign-in", headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == 503
