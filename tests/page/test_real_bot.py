"""The page with the real bot and the real models behind it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.client import MoedexBot, run_bot
from bot.config import load_config
from sandbox import Sandbox

from .conftest import opened

ANSWERED_MS = 240_000
"""The first answer takes long on a busy machine: the models are traced then."""

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def real_bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[MoedexBot]:
    """Return the real bot, online, watching the channel general."""
    ready: asyncio.Future[MoedexBot] = asyncio.get_running_loop().create_future()

    async def on_ready(bot: MoedexBot) -> None:
        ann = sandbox.member("ann").id
        await bot.storage.settings.watch(sandbox.server.id, sandbox.channel("general").id, ann)
        ready.set_result(bot)

    config = load_config(
        None,
        discord=sandbox.discord_section,
        storage={"url": f"sqlite+aiosqlite:///{tmp_path / 'moedex.db'}"},
        inference={"timeout_s": 240},
        cooldowns={"user_times": 1000, "server_times": 1000},
    )
    running = asyncio.create_task(run_bot(config, on_ready=on_ready))
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    yield ready.result()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.mark.timeout(900)
async def test_a_newcomer_tries_everything(
    browser: Browser, sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    async with opened(browser, sandbox) as page:
        page.set_default_timeout(ANSWERED_MS)
        answers = page.locator(".message", has=page.locator(".app-badge"))

        await page.locator("[data-sample=hikari-1]").click()
        card = answers.first
        await expect(card.locator(".embed")).to_be_visible(timeout=ANSWERED_MS)
        picture = card.locator(".picture img")
        await expect(picture).to_have_attribute("alt", re.compile(r"\w+"))
        before = await card.locator(".embed-text").inner_text()
        await card.get_by_role("button", name=re.compile("guesses")).click()
        await expect(card.locator(".embed-text")).not_to_have_text(before)
        await expect(card.get_by_role("button", name="Best guess only")).to_be_visible()
        yes = card.get_by_role("button", name=re.compile("^✅"))
        await yes.click()
        await expect(yes).to_have_attribute("aria-pressed", "true")

        await page.locator(".place", has_text="quiet").click()
        await page.locator("[data-sample=tsumugi-4]").click()
        await expect(page.locator(".message .cover")).to_have_count(1)
        await page.locator("#composer-text").fill("!who")
        await page.keyboard.press("Enter")
        await expect(answers.last.locator(".cover")).to_be_visible(timeout=ANSWERED_MS)

        await page.locator("[data-sample=three-friends]").click()
        posted = page.locator(".message", has=page.locator("img[src*='three-friends']"))
        await posted.click(button="right", position={"x": 60, "y": 20})
        await page.get_by_role("menuitem", name="Who is this?").click()
        private = page.locator(".message.ephemeral")
        await expect(private.locator(".embed")).to_be_visible(timeout=ANSWERED_MS)

        await page.locator("#composer-text").press_sequentially("/who")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=re.compile(r"\+ image")).click()
        await page.locator("[data-sample=suzu-2]").click()
        await expect(page.locator(".command-file")).to_contain_text("suzu-2.png")
        await page.get_by_role("button", name="Send").click()
        await expect(
            page.locator(".message", has_text="used /who").locator(".embed")
        ).to_be_visible(timeout=ANSWERED_MS)
