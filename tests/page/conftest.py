"""The page in headless Chromium, in a sandbox with a bot."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from sandbox import Sandbox
from tests.sandbox.conformance import DESCRIPTION, Description

from .scripted import ScriptedBot, scripted

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return Chromium; without one, tests are skipped, but fail where CI=true."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: the page's tests must run here")
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS), chromium_sandbox=False
        )
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
def description() -> Description | None:
    """Return Discord's description of its API; None where it is not on this machine."""
    return Description() if DESCRIPTION.is_file() else None


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(description: Description | None) -> AsyncIterator[Sandbox]:
    """Return a running local Discord; all that the page and the bot sent must be as described."""
    async with Sandbox() as running:
        yield running
    if description is not None:
        differences = "\n".join(description.differences(running.exchanges))
        assert not differences, differences


@pytest_asyncio.fixture(loop_scope="module")
async def bot(sandbox: Sandbox) -> AsyncIterator[ScriptedBot]:
    """Return the scripted bot, online."""
    async with scripted(sandbox) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox, bot: ScriptedBot) -> AsyncIterator[Page]:
    """Return the page as Ann sees it; it must have logged no error at the end."""
    async with opened(browser, sandbox) as shown:
        yield shown


@asynccontextmanager
async def opened(
    browser: Browser,
    sandbox: Sandbox,
    width: int = 1280,
    height: int = 800,
    color_scheme: Literal["dark", "light"] = "dark",
) -> AsyncIterator[Page]:
    """Open the page in a fresh context, and hold what went wrong in it against the test."""
    errors: list[str] = []
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        color_scheme=color_scheme,
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    await page.goto(sandbox.page_url)
    await page.locator(".beginning").wait_for()
    yield page
    await context.close()
    assert not errors, errors
