"""The list of many characters: what is in sight is on the page, by mouse, keyboard and address."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from models.roster.roster import Roster
from models.types import Character
from tests.bot.fakes import ListingStages
from tests.page.conftest import browser
from tests.web.conftest import Served, served
from tests.web.test_pages import opened

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 3000


class Many(ListingStages):
    """Stages with thousands of characters in their roster."""

    roster = Roster(
        tuple(Character(f"c{n:04}", f"Character {n:04}", "Many") for n in range(MANY)), {}, {}, {}
    )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a running site."""
    folder = tmp_path_factory.mktemp("site")
    async with served(folder, Many(), requests_a_minute=10_000) as running:
        yield running


def entry(number: int) -> str:
    return f'#people li[aria-posinset="{number}"] a'


async def test_what_is_in_sight_alone_is_on_the_page(browser: Browser, site: Served) -> None:
    async with opened(browser, f"{site.url}characters?series=Many") as page:
        await expect(page.locator("#total")).to_have_text("3,000 characters")
        await expect(page.locator(entry(1))).to_be_in_viewport()
        await page.keyboard.press("End")
        await expect(page.locator(entry(MANY))).to_be_in_viewport()
        await expect(page.locator(entry(1))).to_have_count(0)
        assert await page.locator("#people li").count() < 500
        await expect(page).to_have_url(re.compile(r"start=2(8|9)\d0"))
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.keyboard.press("Home")
        await expect(page.locator(entry(1))).to_be_in_viewport()
        await expect(page).to_have_url(f"{site.url}characters?series=Many")


async def test_an_address_leads_to_its_part_of_the_list(browser: Browser, site: Served) -> None:
    async with opened(browser, f"{site.url}characters?series=Many&start=1234") as page:
        # Parts begin with every sixtieth; those before and after come as one scrolls.
        await expect(page.locator(entry(1201))).to_be_in_viewport()
        await page.locator(entry(1201)).focus()
        await page.keyboard.press("Shift+Tab")
        await expect(page.locator(entry(1200))).to_be_focused()
        for number in range(1201, 1265):
            await page.keyboard.press("Tab")
            await expect(page.locator(entry(number))).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Character 1263")
        await page.go_back()
        # the part that was left, or one beside it: parts are measured again while it scrolls there
        await expect(page).to_have_url(re.compile("start=1(140|200|260)"))
    async with opened(browser, f"{site.url}characters?series=Many&start=99999") as page:
        await expect(page.locator(entry(MANY))).to_be_visible()


async def test_the_list_is_read_in_parts_without_scripts(browser: Browser, site: Served) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.url}characters?series=Many")
    await page.get_by_role("link", name="Later").click()
    await expect(page.locator(entry(61))).to_be_visible()
    await expect(page.get_by_text("61 to 120")).to_be_visible()
    await page.get_by_role("link", name="Earlier").click()
    await expect(page.locator(entry(60))).to_be_visible()
    await context.close()
