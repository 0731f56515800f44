"""The pages in headless Chromium: by mouse, by keyboard, on a phone, and before axe's eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.types import percent
from tests.page.acting import PASTE, encoded
from tests.page.conftest import browser
from tests.web.conftest import Served, served

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a running site."""
    async with served(tmp_path_factory.mktemp("site"), requests_a_minute=10_000) as running:
        yield running


@asynccontextmanager
async def opened(
    browser: Browser,
    url: str,
    width: int = 1280,
    height: int = 800,
    *,
    fine: Sequence[str] = (),
) -> AsyncIterator[Page]:
    """Open a page in a fresh context; errors in it fail the test, but for `fine` ones."""
    errors: list[str] = []
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    await page.goto(url)
    yield page
    await context.close()
    bad = [error for error in errors if not any(each in error for each in fine)]
    assert not bad, bad


def file(data: bytes, name: str = "a.png") -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": data}


async def choose(page: Page, *files: dict[str, object]) -> None:
    await page.locator("#files").set_input_files(list(files))  # pyright: ignore[reportArgumentType]


async def test_a_picture_is_recognised_by_mouse(browser: Browser, site: Served) -> None:
    async with opened(browser, site.url) as page:
        await choose(page, file(b"2", "two.png"))
        result = page.locator(".result")
        await expect(result.locator(".face")).to_have_count(2)
        await expect(result.locator(".box")).to_have_count(2)
        await expect(page.locator("#status")).to_have_text("2 faces: Marin, 90 %; Marin, 90 %.")
        await result.locator(".box").nth(1).dispatch_event("click")
        await expect(result.locator(".face").nth(1)).to_have_class("face named chosen")
        await expect(result.locator(".face").nth(1).locator("details").first).to_have_attribute(
            "open", ""
        )
        await choose(page, file(b"1", "later.png"))
        await expect(page.locator(".result h2").first).to_have_text("later.png")
        await page.locator(".result h3 a").first.click()
        await expect(page.locator("h1")).to_have_text("Marin")


async def test_faces_are_reached_by_keyboard(browser: Browser, site: Served) -> None:
    async with opened(browser, site.url) as page:
        await choose(page, file(b"2"))
        await expect(page.locator(".face")).to_have_count(2)
        await page.locator("#files").focus()
        for number in (1, 2):
            await page.keyboard.press("Tab")
            focused = page.locator(":focus")
            await expect(focused).to_have_attribute("aria-label", f"Face {number}: Marin, 90 %")
            await expect(focused).to_have_attribute("aria-pressed", "true")
            # The guesses of this face are shown meanwhile, and those of no other.
            await expect(page.locator(".face details:not(.why)[open]")).to_have_count(1)
            shown = page.locator(".face").nth(number - 1).locator("details").first
            await expect(shown).to_have_attribute("open", "")
        await page.keyboard.press("Enter")
        await expect(page.locator(".face").nth(1).locator("details").first).to_have_attribute(
            "open", ""
        )


async def test_a_picture_is_pasted(browser: Browser, site: Served) -> None:
    async with opened(browser, site.url) as page:
        await page.evaluate(PASTE, {"name": "pasted.png", "data": encoded(b"1")})
        await expect(page.locator(".result h2")).to_have_text("pasted.png")
        await expect(page.locator(".face")).to_have_count(1)


async def test_what_is_wrong_is_said_in_place(browser: Browser, site: Served) -> None:
    async with opened(browser, site.url) as page:
        await choose(page, file(b"0", "empty-room.png"))
        await expect(page.locator(".result .sentence")).to_have_text(
            "No face found in this picture."
        )


async def test_numbers_are_worded_as_in_chat(browser: Browser, site: Served) -> None:
    values = [0, 0.004, 0.01, 0.29, 0.57, 0.899, 0.99, 0.9901, 1]
    words = "async each => each.map((await import('/static/page.js')).percent)"
    async with opened(browser, site.url) as page:
        assert await page.evaluate(words, values) == [percent(each) for each in values]


@pytest.mark.parametrize("path", ["", "characters", "characters/rem", "api", "nowhere"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(
    browser: Browser, site: Served, path: str, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
    )  # pyright: ignore[reportArgumentType]
    page = await context.new_page()
    await page.goto(f"{site.url}{path}", wait_until="networkidle")
    if not path:
        await choose(page, file(b"2"))
        await expect(page.locator(".face")).to_have_count(2)
    if path == "api":
        for call in await page.locator(".opblock-summary-control").all():
            await call.click()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "the page is wider than a phone"
    await context.close()


async def test_the_chat_is_linked_where_it_is_known(browser: Browser, tmp_path: Path) -> None:
    async with (
        served(tmp_path, chat="https://discord.example/invite") as site,
        opened(browser, f"{site.url}api") as page,
    ):
        link = page.get_by_role("link", name="Chat")
        await expect(link).to_have_attribute("href", "https://discord.example/invite")
