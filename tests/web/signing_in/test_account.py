"""The account page, and keys of the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from sandbox import Sandbox
from tests.page.conftest import browser
from tests.web.conftest import Served, csrf_of, served, sign_in
from tests.web.test_correcting import sign_in as sign_in_page
from tests.web.test_pages import opened
from web.signing_in.keys import MOST, PREFIX

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def make_key(site: Served, label: str = "script") -> tuple[int, str]:
    """Make a key on the account page; return the status and the key."""
    form = {"label": label, "csrf": await csrf_of(site)}
    async with site.client.post(f"{site.url}account/keys", data=form) as answer:
        found = re.search(rf"{PREFIX}[\w-]{{43}}", await answer.text())
        return answer.status, found[0] if found else ""


async def ask(site: Served, path: str, key: str, **options: str) -> int:
    """Ask the API with a key alone, as a program does; return the status."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as program,
        program.request(options.get("method", "GET"), f"{site.url}{path}") as answer,
    ):
        return answer.status


async def test_a_key_is_its_owner_until_it_is_revoked(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        served(tmp_path, sandbox=sandbox, recognise="signed in") as site,
    ):
        ben, server = sandbox.member("ben"), sandbox.server.id
        await sign_in(site, ben)
        status, key = await make_key(site)
        assert status == 201
        async with aiohttp.ClientSession() as program:
            url = f"{site.url}api/v1/identify?server={server}"
            async with program.post(url, data=b"1") as answer:
                assert answer.status == 401
            headers = {"Authorization": f"Bearer {key}"}
            async with program.post(url, data=b"1", headers=headers) as answer:
                assert answer.status == 200
        assert await ask(site, f"api/v1/characters?server={server}", key) == 200
        # It is good for the API alone: no page, and no account, is opened by it.
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(headers=headers) as program:
            async with program.get(f"{site.url}account", allow_redirects=False) as answer:
                assert answer.status == 303
            form = {"label": "another"}
            async with program.post(f"{site.url}account/keys", data=form) as answer:
                assert answer.status == 401
        async with site.client.get(f"{site.url}account") as page:
            text = await page.text()
        assert key not in text
        assert "last used" in text
        (kept,) = await site.services.storage.api_keys.of_user(ben.id)
        form = {"csrf": await csrf_of(site)}
        async with site.client.post(f"{site.url}account/keys/{kept.id}/revoke", data=form):
            pass
        assert await ask(site, "api/v1/characters", key) == 401
    assert key.encode() not in (tmp_path / "site.db").read_bytes()


async def test_what_is_no_key(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ben"))
        for no_key in ("", "x", PREFIX, f"{PREFIX}{'a' * 43}", "é"):
            assert await ask(site, "api/v1/characters", no_key) == 401
        headers = {"Authorization": "Basic YTpi"}
        # A key that is not good is not made good by the cookie that comes with it.
        async with site.client.get(f"{site.url}api/v1/characters", headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_nobody_touches_what_is_another_persons(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        ann, ben = sandbox.member("ann"), sandbox.member("ben")
        await sign_in(site, ann)
        await make_key(site)
        (key,) = await site.services.storage.api_keys.of_user(ann.id)
        (session,) = await site.services.storage.sessions.of_user(ann.id)
        site.client.cookie_jar.clear()
        await sign_in(site, ben)
        form = {"csrf": await csrf_of(site)}
        for path in (f"keys/{key.id}/revoke", f"sessions/{session.id}/end"):
            async with site.client.post(f"{site.url}account/{path}", data=form):
                pass
        assert await site.services.storage.api_keys.count_of(ann.id) == 1
        assert await site.services.storage.sessions.count_of(ann.id) == 1
        for path in ("keys/x/revoke", "sessions/-1/end", "sessions/99999999999999999999/end"):
            async with site.client.post(f"{site.url}account/{path}", data=form) as answer:
                assert answer.status == 404


async def test_keys_are_limited(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        served(tmp_path, sandbox=sandbox, uploads_a_minute=2, proxies=["127.0.0.1"]) as site,
    ):
        await sign_in(site, sandbox.member("ben"))
        statuses = [(await make_key(site))[0] for _ in range(MOST + 1)]
        assert statuses == [201] * MOST + [409]
        assert (await make_key(site, " \u202e "))[0] == 400
        await site.services.storage.api_keys.revoke_all(sandbox.member("ben").id)
        _, key = await make_key(site)
        statuses = []
        for number in range(3):  # from another address each time, as a program that is spread
            headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": f"10.0.0.{number}"}
            async with site.client.post(
                f"{site.url}api/v1/identify", data=b"1", headers=headers
            ) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 429]


async def test_deleting_takes_sessions_and_keys_along(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        ben = sandbox.member("ben")
        await sign_in(site, ben)
        _, key = await make_key(site)
        kept = await site.services.erasure.kept(ben.id)
        assert (kept.signed_in, kept.keys) == (1, 1)
        await site.services.erasure.erase_member(ben.id)
        kept = await site.services.erasure.kept(ben.id)
        assert (kept.signed_in, kept.keys) == (0, 0)
        assert await ask(site, "api/v1/characters", key) == 401
    file = (tmp_path / "site.db").read_bytes()
    assert b"Ben" not in file


async def test_ones_own_picture_comes_from_the_site(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        ann, ben = sandbox.member("ann"), sandbox.member("ben")
        ben.user.avatar = "a_0123456789abcdef"
        await sign_in(site, ben)
        async with site.client.get(f"{site.url}account/avatar") as answer:
            assert (answer.status, answer.content_type) == (200, "image/webp")
            assert (await answer.read())[:4] == b"RIFF"
        async with site.client.get(site.url) as page:
            assert 'src="/account/avatar"' in await page.text()
        site.client.cookie_jar.clear()
        await sign_in(site, ann)
        async with site.client.get(f"{site.url}account/avatar") as answer:
            assert answer.status == 404


@pytest.mark.parametrize("avatar", ["../../x", "a/b", "a?b", "é"])
async def test_a_picture_leads_nowhere_else(tmp_path: Path, avatar: str) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        sandbox.member("ben").user.avatar = avatar
        await sign_in(site, sandbox.member("ben"))
        async with site.client.get(f"{site.url}account/avatar") as answer:
            assert answer.status == 404


async def test_the_account_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        served(tmp_path, sandbox=sandbox) as site,
        opened(browser, site.url) as page,
    ):
        await sign_in(site, sandbox.member("ben"))  # in another browser
        await sign_in_page(page, site, "Ben")
        await page.get_by_role("link", name="Ben").click()
        await expect(page.get_by_text(sandbox.server.name)).to_be_visible()
        await page.get_by_role("button", name="Sign out there").click()
        await expect(page.get_by_role("button", name="Sign out there")).to_have_count(0)
        await page.get_by_label("What is it for?").fill("my script")
        await page.keyboard.press("Enter")
        await expect(page.locator(".key")).to_contain_text(PREFIX)
        await page.get_by_role("button", name="Revoke my script").click()
        await expect(page.get_by_text("my script")).to_have_count(0)
        await page.get_by_role("button", name="Sign out everywhere").click()
        await expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_account(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ann"))
        context = await browser.new_context(
            viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
        )
        page = await context.new_page()
        await sign_in_page(page, site, "Ann")
        await page.goto(f"{site.url}account")
        await page.get_by_label("What is it for?").fill("my script")
        await page.get_by_role("button", name="Make a key").click()
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await context.close()
