"""`/api` reads and tries the API with Swagger UI, whose two files are those of npm's package."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.page.conftest import browser
from tests.web.conftest import Served, served
from tests.web.test_pages import opened
from web.api import swagger

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

OF_NPM = {
    "swagger-ui-bundle.js": "93b7b0862a80e2786f85b560be7693c2344354ffa7e7e224f850a54349724c31",
    "swagger-ui.css": "9e576f8322132c76949da47f9bb53c891373c303ea3a761ff548ffc9de50a98c",
}
"""SHA-256 of the files of swagger-ui-dist 5.31.0."""


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a running site."""
    async with served(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_files_are_those_of_npm(site: Served, encoding: str) -> None:
    for name, digest in OF_NPM.items():
        url = f"{site.url}swagger/5.31.0/{name}"
        async with site.client.get(url, headers={"Accept-Encoding": encoding}) as answer:
            assert answer.headers.get("Content-Encoding", "identity") == encoding
            assert hashlib.sha256(await answer.read()).hexdigest() == digest


@pytest.mark.parametrize("name", ["index.html", "..%2f__init__.py", "swagger-ui.js"])
async def test_no_other_file_is_given(site: Served, name: str) -> None:
    async with site.client.get(f"{site.url}{swagger.PREFIX.lstrip('/')}/{name}") as answer:
        assert answer.status == 404


async def test_the_policy_stays_strict(site: Served) -> None:
    async with site.client.get(f"{site.url}api") as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert "unsafe" not in policy
    assert "style-src 'self'" in policy
    assert not re.search(r"<style| style=|<script>| on\w+=", text)


async def test_a_call_is_tried(browser: Browser, site: Served) -> None:
    async with opened(browser, f"{site.url}api") as page:
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        call = page.locator("#operations-Characters-character")
        await call.locator(".opblock-summary-control").click()
        await call.get_by_role("button", name="Try it out").click()
        await call.get_by_placeholder("id").fill("rem")
        await call.get_by_role("button", name="Execute").click()
        answer = call.locator(".live-responses-table .microlight").first
        await expect(answer).to_contain_text('"native_name": "レム"')
        await expect(answer).to_have_attribute("tabindex", "0")
        assert loaded
        assert all(url.startswith(site.url) for url in loaded)
