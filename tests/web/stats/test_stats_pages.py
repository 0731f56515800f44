"""`/stats` and `/health` in headless Chromium, before axe's eyes, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from sandbox import Sandbox
from tests.page.conftest import browser
from tests.web.conftest import Served, served
from tests.web.counted_server import answered, trained
from tests.web.test_pages import opened

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a site in whose server there is something to count."""
    folder: Path = tmp_path_factory.mktemp("counted")
    async with Sandbox() as sandbox, served(folder, sandbox=sandbox) as running:
        await answered(running.services.storage, sandbox, right=14, wrong=4)
        backbone = running.services.galleries.backbone
        await trained(running.services.storage, sandbox.server.id, backbone)
        await running.upload(b"2")
        yield running


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(
    browser: Browser, site: Served, scheme: Literal["light", "dark"], width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    page = await context.new_page()
    await page.goto(f"{site.url}sign-in")
    await page.get_by_role("button", name="Ann").click()
    for path in ("stats", "health"):
        await page.goto(f"{site.url}{path}")
        for table in await page.locator("details").all():
            await table.evaluate("each => each.open = true")
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    await context.close()


async def test_a_version_is_promoted_by_keyboard(browser: Browser, site: Served) -> None:
    async with opened(browser, f"{site.url}sign-in?next=/stats") as page:
        await page.get_by_role("button", name="Ann").click()
        await expect(page.get_by_text("Version 1 answers.")).to_be_visible()
        await page.get_by_role("button", name="Let version 2 answer").press("Enter")
        await expect(page.get_by_text("Version 2 answers.")).to_be_visible()
        await page.get_by_role("button", name="Go back").press("Enter")
        await expect(page.get_by_text("Version 1 answers.")).to_be_visible()
