"""The page for everybody: what axe-core finds, where the keys go, and that no spoiler leaks."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from sandbox import Sandbox
from sandbox.state.entities import StickerFormat
from sandbox.state.files import Upload

from .acting import last, pick_files, png, say
from .conftest import opened
from .scripted import ScriptedBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def findings(page: Page) -> list[str]:
    """Return what axe-core finds on the page as it stands."""
    found = await Axe().run(page)
    violations: list[dict[str, Any]] = found.response["violations"]
    return [
        f"{item['impact']} {item['id']}: {node['html'][:120]}"
        for item in violations
        for node in item["nodes"]
    ]


async def fill(sandbox: Sandbox) -> None:
    """Have a message of every kind in the channel general."""
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    sticker = sandbox.places.add_sticker("wave", png(), StickerFormat.PNG)
    moving = sandbox.places.add_sticker("spin", b"{}", StickerFormat.LOTTIE)
    link = "https://example.org/a.png"
    posted = await ben.post("general", f"[a name]({link}) of ||{link}||", preview=(link, png()))
    clip = Upload("clip.mp4", b"1", "", frame=png())
    await ben.post("general", "# Look\n-# closely", files=[clip], stickers=[sticker, moving])
    await sandbox.places.webhook("general").post("Rin", "@everyone", files=[("a.png", png())])
    await ann.post("general", f"{ann.mention}?", reply_to=posted)
    await ann.post("general", "!layout")
    await ann.post("general", "!ask")
    await sandbox.answer(await ann.menu(posted, "Who is this?"))


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_axe_finds_nothing(
    browser: Browser, sandbox: Sandbox, bot: ScriptedBot, scheme: Any
) -> None:
    await fill(sandbox)
    async with opened(browser, sandbox, color_scheme=scheme) as page:
        await expect(page.locator(".message.ephemeral")).to_be_visible()
        await expect(page.locator(".container")).to_be_visible()
        assert await findings(page) == []
        await page.locator(".message").first.click(button="right", position={"x": 60, "y": 8})
        assert await findings(page) == []
        await page.keyboard.press("Escape")
        await page.locator("#composer-text").press_sequentially("/wh")
        assert await findings(page) == []
        await page.keyboard.press("Enter")
        assert await findings(page) == []
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Fill in a form").click()
        await page.get_by_role("dialog").wait_for()
        assert await findings(page) == []
    async with opened(browser, sandbox, 390, 844, color_scheme=scheme) as page:
        assert await findings(page) == []
        await page.get_by_role("button", name="Sample pictures").click()
        assert await findings(page) == []
        width = await page.evaluate("document.documentElement.scrollWidth")
        inner = await page.evaluate(
            "Math.max(...[...document.querySelectorAll('.message-body *')]"
            ".map((one) => one.getBoundingClientRect().right))"
        )
        assert max(width, inner) <= 390


async def test_tab_goes_from_the_newest_message_on(page: Page) -> None:
    await say(page, "!ask")
    await expect(page.get_by_role("button", name="Fill in a form")).to_be_visible()
    await say(page, "!layout")
    newest = page.locator(".message", has=page.locator(".container"))
    await expect(newest).to_be_visible()
    await page.locator(".shelf-toggle").focus()
    await page.keyboard.press("Tab")
    await expect(newest).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(newest.locator(".section button.picture")).to_be_focused()
    for _ in range(4):  # two pictures, a file, a button
        await page.keyboard.press("Tab")
    await expect(newest.get_by_role("button", name="In the box")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Add pictures or files")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Fill in a form")).to_be_focused()
    await say(page, "!say later")
    await expect(last(page).locator(".app-badge + .when")).to_be_visible()
    await expect(last(page).locator(".prose")).to_have_text("later")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(last(page)).to_be_focused()


async def test_new_messages_never_hide_the_answer_to_ones_own_picture(
    page: Page, sandbox: Sandbox
) -> None:
    ben = sandbox.member("ben")
    for number in range(30):
        await ben.post("general", f"line {number}")
    await expect(last(page)).to_contain_text("line 29")
    await pick_files(page, "one.png")
    await page.locator("#composer-text").press("Enter")
    answer = page.locator(".message", has=page.locator(".embed"))
    await expect(answer).to_be_in_viewport()
    await expect(page.locator(".newer")).to_be_hidden()
    first = page.locator(".message", has_text="line 1").first
    await first.scroll_into_view_if_needed()
    await expect(first).to_be_in_viewport()
    # Two frames later the page has heard of the scrolling.
    await page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    await ben.post("general", "just so")
    newer = page.get_by_role("button", name="New messages")
    await expect(newer).to_be_visible()
    below = await newer.bounding_box()
    shown = await page.locator(".timeline").bounding_box()
    assert below is not None
    assert shown is not None
    assert shown["y"] + shown["height"] <= below["y"], "it covers no message"
    await ben.post("general", "more", files=[("two.png", png())])
    await sandbox.member("ann").post("general", files=[("three.png", png())])
    await expect(answer.last).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_what_is_hidden_is_told_nowhere(page: Page, sandbox: Sandbox) -> None:
    ben = sandbox.member("ben")
    link = "https://example.org/a.png"
    await ben.post("general", f"no, ||her: {link}||", preview=(link, png()))
    hidden = Upload("SPOILER_a.png", png(), "the heroine")
    await ben.post("general", files=[hidden])
    await expect(page.locator(".cover")).to_have_count(3)  # the bot covers its answer too
    robot = sandbox.places.add_member("Robot", bot=True)
    parts: list[dict[str, Any]] = [
        {
            "type": 9,
            "components": [{"type": 10, "content": "said openly"}],
            "accessory": {
                "type": 11,
                "media": {"url": "attachment://b.png"},
                "description": "the heroine's sister",
                "spoiler": True,
            },
        },
        {"type": 17, "spoiler": True, "components": [{"type": 10, "content": "kept to itself"}]},
    ]
    await robot.post("general", files=[("b.png", png())], components=parts)
    said = page.locator("#announcer")
    await expect(said).to_contain_text("said openly")
    for secret in ("her:", "heroine", "kept to itself"):
        await expect(said).not_to_contain_text(secret)
    tree = await page.locator(".timeline").aria_snapshot()
    assert "said openly" in tree
    for secret in ("her:", "heroine", "kept to itself", "a.png"):
        assert secret not in tree
    await last(page).get_by_role("button", name="Spoiler: show it").first.click()
    await expect(last(page).get_by_alt_text("the heroine's sister")).to_be_visible()


async def test_pictures_of_every_kind_are_shown(page: Page, sandbox: Sandbox) -> None:
    await fill(sandbox)
    await expect(page.get_by_alt_text("Sticker: wave")).to_be_visible()
    await expect(page.get_by_text("The sticker “spin”")).to_be_visible()
    frame = page.locator("img[src*='clip.mp4']")
    await expect(frame).to_have_js_property("naturalWidth", 200)
    layout = next(item for item in sandbox.messages("general") if item.layout)
    ann = sandbox.member("ann")
    await ann.forward(layout, "quiet")
    thread = await ann.open_thread("general", "hers", sandbox.messages("general")[2])
    await page.locator(".place", has_text="quiet").click()
    await expect(page.locator(".forwarded .container .md-h2")).to_have_text("A container")
    await expect(
        page.locator(".forwarded").get_by_role("button", name="In the box")
    ).to_be_disabled()
    await page.locator(".place", has_text=thread.name).click()
    await expect(page.locator(".system-about img[src*='a.png']")).to_be_visible()
