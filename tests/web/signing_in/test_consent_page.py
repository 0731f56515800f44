"""Discord's question whether the site may read who one is, in headless Chromium: yes, and no."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from sandbox import Sandbox
from tests.page.conftest import browser
from tests.web.conftest import served
from tests.web.test_pages import opened

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        context = await browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme
        )
        page = await context.new_page()
        await page.goto(f"{site.url}sign-in")
        await expect(page.get_by_role("heading", name="wants to know of you")).to_be_visible()
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await context.close()


async def test_who_says_no_comes_back_and_is_not_signed_in(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        Sandbox() as sandbox,
        served(tmp_path, sandbox=sandbox) as site,
        opened(browser, f"{site.url}sign-in?next=/characters", fine=["403"]) as page,
    ):
        await page.get_by_role("button", name="Cancel").press("Enter")
        await expect(page.get_by_text("Discord was told not to")).to_be_visible()
        await page.get_by_role("link", name="Sign in", exact=True).click()
        await page.get_by_role("button", name="Authorize as Ben").press("Enter")
        await expect(page.locator(".who")).to_contain_text("Ben")
