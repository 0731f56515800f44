"""Correcting a face on the page, in headless Chromium: by mouse, by keyboard, before axe's eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from bot.storage.records import Label
from sandbox import Sandbox
from tests.page.conftest import browser
from tests.web.conftest import Served, served
from tests.web.test_pages import choose, file, opened

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sign_in(page: Page, site: Served, name: str) -> None:
    """Sign in as people do: by the button, and Discord's page."""
    await page.goto(site.url)
    await page.get_by_role("link", name="Sign in", exact=True).click()
    await page.get_by_role("button", name=f"Authorize as {name}").click()
    await expect(page.locator(".who")).to_contain_text(name)


async def learning(site: Served, sandbox: Sandbox) -> None:
    await site.services.storage.consents.set_learning(
        sandbox.server.id, sandbox.member("ann").id, datetime.now(UTC), on=True
    )


@asynccontextmanager
async def correcting(browser: Browser, folder: Path) -> AsyncIterator[tuple[Page, Served, Sandbox]]:
    """Open the site's first page as Ann, in whose server it learns."""
    async with (
        Sandbox() as sandbox,
        served(folder, sandbox=sandbox) as site,
        opened(browser, site.url) as page,
    ):
        await learning(site, sandbox)
        await sign_in(page, site, "Ann")
        yield page, site, sandbox


async def labels(site: Served, sandbox: Sandbox) -> list[Label | None]:
    await site.services.votes.judged()
    settled = await site.services.storage.labels.in_server(sandbox.server.id, "settled")
    return [label.label for _, label in settled]


async def test_a_face_is_corrected_by_mouse(browser: Browser, tmp_path: Path) -> None:
    async with correcting(browser, tmp_path) as (page, site, sandbox):
        # The only server is chosen already.
        await expect(page.locator("#server")).to_have_value(str(sandbox.server.id))
        await page.locator("#server").select_option("")
        await choose(page, file(b"1"))
        await expect(page.locator(".correct")).to_contain_text("Choose a server above")
        await page.locator("#server").select_option(label=sandbox.server.name)
        await choose(page, file(b"1"))
        face = page.locator(".face").first
        await face.get_by_role("button", name="Someone else").click()
        await face.get_by_label("Who is it?").fill("レム")
        await expect(face.locator("datalist option")).to_have_count(2)
        await face.get_by_label("Who is it?").fill("Rem (Re:Zero)")
        await face.get_by_role("button", name="Say so").click()
        await expect(face.get_by_role("status")).to_have_text("Thank you: this is noted as Rem.")
        assert await labels(site, sandbox) == [Label.of("rem")]


async def test_somebody_new_is_taught_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    async with correcting(browser, tmp_path) as (page, site, sandbox):
        await choose(page, file(b"1"))
        face = page.locator(".face").first
        await face.get_by_role("button", name="Someone else").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.type("Grey Wolf")
        await page.keyboard.press("Enter")
        said = face.get_by_role("status")
        await expect(said).to_contain_text("I know nobody called Grey Wolf")
        await page.keyboard.type("Own")
        await page.keyboard.press("Enter")
        await expect(said).to_contain_text("Grey Wolf is new here")
        (label,) = await labels(site, sandbox)
        assert label is not None
        roster = await site.services.galleries.roster(sandbox.server.id)
        assert roster.characters[label.character_id].series == "Own"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_while_correcting(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    async with Sandbox() as sandbox, served(tmp_path, sandbox=sandbox) as site:
        await learning(site, sandbox)
        context = await browser.new_context(
            viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
        )
        page = await context.new_page()
        await sign_in(page, site, "Ann")
        await page.locator("#server").select_option(label=sandbox.server.name)
        await choose(page, file(b"1"))
        await page.get_by_role("button", name="Someone else").click()
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await context.close()
