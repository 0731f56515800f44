"""The page with the real bot behind it, with the real models or with light stages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.client import MoedexBot
from bot.config import Config, load_config
from bot.inference import InferenceWorker
from sandbox import Sandbox
from tests.bot.fakes import FakeStages
from tests.running import running_bot

from .conftest import opened

ANSWERED_MS = 240_000
"""The first answer takes long on a busy machine: the models are traced then."""

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@asynccontextmanager
async def online(
    sandbox: Sandbox,
    folder: Path,
    make_worker: Callable[[Config], InferenceWorker] = InferenceWorker.from_config,
    **cooldowns: float,
) -> AsyncIterator[MoedexBot]:
    """Run the real bot, watching the channel general."""

    async def watch_general(bot: MoedexBot) -> None:
        ann = sandbox.member("ann").id
        await bot.services.storage.settings.watch(
            sandbox.server.id, sandbox.channel("general").id, ann
        )

    config = load_config(
        None,
        discord=sandbox.discord_section,
        storage={"url": f"sqlite+aiosqlite:///{folder / 'moedex.db'}"},
        inference={"timeout_s": 240},
        cooldowns={"user_times": 1000, "server_times": 1000, **cooldowns},
    )
    async with running_bot(config, make_worker, watch_general) as bot:
        yield bot


def light_worker(config: Config) -> InferenceWorker:
    """Return a worker that finds as many faces as a picture's bytes say."""
    return InferenceWorker(FakeStages, config.inference)


async def test_an_answer_with_many_faces_pages_and_a_picture_too_soon_is_marked(
    browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    limits = {"user_times": 1, "user_seconds": 600.0}
    async with online(sandbox, tmp_path, light_worker, **limits), opened(browser, sandbox) as page:
        ann = sandbox.member("ann")
        await ann.post("general", files=[("crowd.png", b"9")])
        card = page.locator(".message", has=page.locator(".app-badge"))
        back, forth = (card.get_by_role("button", name=sign) for sign in "◀▶")
        faces = card.locator(".container .section")
        await expect(faces).to_have_count(5)
        await expect(back).to_be_disabled()
        await forth.click()
        await expect(faces).to_have_count(4)
        await expect(forth).to_be_disabled()
        await back.click()
        await expect(faces).to_have_count(5)
        await ann.post("general", files=[("late.png", b"1")])
        late = page.locator(".message", has=page.locator("[src*=late]"))
        await expect(late.get_by_role("button", name="⏳, 1 reaction: Moedex")).to_be_visible()


@pytest.mark.timeout(900)
async def test_a_newcomer_tries_everything(
    browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with online(sandbox, tmp_path), opened(browser, sandbox) as page:
        page.set_default_timeout(ANSWERED_MS)
        answers = page.locator(".message", has=page.locator(".app-badge"))

        await page.locator("[data-sample=hikari-1]").click()
        card = answers.first
        section = card.locator(".container .section")
        await expect(section).to_be_visible(timeout=ANSWERED_MS)
        await expect(section.locator("img")).to_have_attribute("alt", re.compile(r"\w+"))
        before = await section.inner_text()
        await card.get_by_role("button", name="Top five").click()
        await expect(section).not_to_have_text(before)
        await expect(card.get_by_role("button", name="Best guess only")).to_be_visible()
        await card.get_by_role("button", name="Say who it is").click()
        form = page.get_by_role("dialog")
        await form.get_by_label("Or a name").fill("Hikari Asahina")
        await form.get_by_role("button", name="Submit").click()
        new = page.get_by_role("button", name="New character")
        await new.click()
        await expect(section).to_contain_text("Hikari Asahina, named by Ann")

        await page.locator(".place", has_text="quiet").click()
        await page.locator("[data-sample=tsumugi-4]").click()
        await expect(page.locator(".message .cover")).to_have_count(1)
        await page.locator("#composer-text").fill("!who")
        await page.keyboard.press("Enter")
        await expect(answers.last.locator(".cover").first).to_be_visible(timeout=ANSWERED_MS)

        await page.locator("[data-sample=three-friends]").click()
        posted = page.locator(".message", has=page.locator("img[src*='three-friends']"))
        await posted.click(button="right", position={"x": 60, "y": 20})
        await page.get_by_role("menuitem", name="Who is this?").click()
        private = page.locator(".message.ephemeral")
        await expect(private.locator(".container")).to_be_visible(timeout=ANSWERED_MS)

        await page.locator("#composer-text").press_sequentially("/who")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=re.compile(r"\+ image")).click()
        await page.locator("[data-sample=suzu-2]").click()
        await expect(page.locator(".command-file")).to_contain_text("suzu-2.webp")
        await page.get_by_role("button", name="Send").click()
        await expect(
            page.locator(".message", has_text="used /who").locator(".container")
        ).to_be_visible(timeout=ANSWERED_MS)
