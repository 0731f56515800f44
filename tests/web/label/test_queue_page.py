"""The queue in headless Chromium: by keyboard alone, on a phone, and before axe's eyes."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.types import Tier
from tests.page.conftest import browser
from tests.web.label.labelling import NAMES, LabelSite, opened_page

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(page: Page, text: str) -> None:
    """Wait until the page has said a thing."""
    await expect(page.locator("#status")).to_contain_text(text)


async def typed(page: Page, key: str, *texts: str) -> None:
    """Press a key, type into the fields that it leads to, and press Enter."""
    await page.keyboard.press(key)
    for number, text in enumerate(texts):
        if number:
            await page.keyboard.press("Tab")
        await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def labels(label: LabelSite) -> list[str]:
    """Return what the faces are settled as, in the order they were posted."""
    services = label.site.services
    await services.votes.judged()
    settled = await services.storage.labels.in_server(label.server, "settled")
    return [each.label.character_id or each.label.kind for _, each in settled if each.label]


async def test_twenty_faces_by_keyboard_alone(browser: Browser, label: LabelSite) -> None:
    posted = [await label.post(NAMES[n % 6], probability=0.5 + n / 100) for n in range(24)]
    async with opened_page(browser, label, f"label/{label.server}") as page:
        press = page.keyboard.press
        await expect(page.locator("#answers")).to_be_focused()
        for key in ("1", "Enter", "2", "3", "4", "5", "1", "1", "1", "1", "1", "1"):
            await press(key)
        await press("s")
        await press("x")
        await typed(page, "e", "tsumugi")
        await told(page, "Tsumugi.")
        await press("i")
        await typed(page, "n", "Mizu", "Own")
        await told(page, "Mizu.")
        await press("1")
        await press("1")
        await press("u")
        await told(page, "Undone")
        for key in "1111":
            await press(key)
        await expect(page.locator("#pace")).to_contain_text("21 faces now")
        await expect(page.locator("#pace")).to_contain_text("21 settled")
        await expect(page.locator("#pace")).not_to_contain_text("keeping")
        await expect(page.locator("#problem")).to_be_empty()
        _, left = await label.ask("queue")
        assert {face["id"] for face in left["faces"]} == {posted[n].id for n in (12, 22, 23)}
    settled = await labels(label)
    assert settled.count("not_a_face") == 1
    assert settled.count("ignore") == 1
    assert "mizu" in settled
    assert settled[:6] == ["hikari", "kuroe", "hikari", "kuroe", "mikan", "ren"]


async def test_what_was_not_kept_comes_back_and_says_why(
    browser: Browser, label: LabelSite
) -> None:
    face = await label.post("hikari", probability=0.997)
    async with opened_page(browser, label, f"label/{label.server}", fine=["422"]) as page:
        await expect(page.locator("#why")).to_contain_text("over 99 % sure")
        await expect(page.locator(".guess").first).to_contain_text("over 99 %")
        await expect(page.locator(".guess").last).to_contain_text("under 1 %")
        await label.site.services.storage.consents.opt_out(label.sandbox.member("ann").id, face.at)
        await page.keyboard.press("1")
        await expect(page.locator("#problem")).to_contain_text("You opted out")
        await expect(page.locator("#why")).to_contain_text("over 99 % sure")


async def test_undo_outlives_a_reload(browser: Browser, label: LabelSite) -> None:
    await label.post("hikari")
    async with opened_page(browser, label, f"label/{label.server}") as page:
        await expect(page.locator(".guess")).to_have_count(5)
        await page.locator(".guess").nth(1).click()
        await expect(page.locator("[data-does=undo]")).to_be_enabled()
        await page.reload()
        await told(page, "Nothing waits")
        await page.keyboard.press("u")
        await told(page, "Undone")
        await expect(page.locator(".guess")).to_have_count(5)
    assert await labels(label) == []


async def test_a_spoiler_stays_one_until_it_is_asked_for(
    browser: Browser, label: LabelSite
) -> None:
    await label.post("hikari", hidden=True)
    async with opened_page(browser, label, f"label/{label.server}") as page:
        await expect(page.locator("#reveal")).to_be_visible()
        assert await page.locator("#crop").get_attribute("src") is None
        await page.keyboard.press("v")
        await expect(page.locator("#crop")).to_have_attribute("src", re.compile("crop"))
        await page.keyboard.press("h")
        await expect(page.locator("#log-list")).to_contain_text("Nobody said anything yet.")


async def test_keys_can_be_switched_off(browser: Browser, label: LabelSite) -> None:
    await label.post("hikari")
    async with opened_page(browser, label, f"label/{label.server}") as page:
        await expect(page.locator(".guess")).to_have_count(5)
        await page.locator("#keys").uncheck()
        await page.locator("#answers").focus()
        await page.keyboard.press("1")
        await expect(page.locator("#pace")).to_contain_text("0 settled")
        await page.reload()
        await expect(page.locator("#keys")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(
    browser: Browser, label: LabelSite, scheme: Literal["light", "dark"]
) -> None:
    await label.post("hikari", hidden=True)
    await label.post("ren", probability=0.4, tier=Tier.NOT_KNOWN)
    async with opened_page(
        browser, label, f"label/{label.server}", width=390, height=844, scheme=scheme,
        bypass_csp=True,
    ) as page:  # fmt: skip
        await expect(page.locator(".guess")).to_have_count(5)
        for state in ("", "e", "?"):
            if state:
                await page.keyboard.press(state)
            if state == "e":
                await page.keyboard.type("hik")
                await expect(page.locator("#names li").first).to_be_visible()
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            if state == "e":
                await page.keyboard.press("Escape")
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "the page is wider than a phone"
