"""What the site's pages weigh and how soon they show: python -m benchmarks.site_pages.

    python -m benchmarks.site_pages [--docs docs/site.md]

The real gallery, the site without a bot, and headless Chromium with an empty cache for each page.
The figures are the browser's own performance entries. The list of all characters is scrolled until
three thousand are shown, a quarter of a window each frame, and the time between frames is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import typer
from playwright.async_api import Browser, async_playwright

from benchmarks.options import Docs
from benchmarks.statistics import machine, publish, table, today
from benchmarks.uploads import free_port

PAGES = ("", "characters", "characters/hatsune_miku", "api", "health")
ENTRIES = """() => new Promise((done) => {
    let largest = 0, shift = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) largest = e.startTime; })
        .observe({type: "largest-contentful-paint", buffered: true});
    new PerformanceObserver((list) => { for (const e of list.getEntries()) shift += e.value; })
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => {
        const first = performance.getEntriesByName("first-contentful-paint")[0];
        const page = performance.getEntriesByType("navigation")[0];
        const parts = performance.getEntriesByType("resource");
        done({first: first?.startTime ?? 0, largest, shift, answered: page.responseEnd,
              files: 1 + parts.length,
              bytes: page.transferSize + parts.reduce((all, one) => all + one.transferSize, 0)});
    }, 1000);
})"""
SCROLL = """() => new Promise((done) => {
    const gaps = []; let last = performance.now(), still = 0, height = 0;
    const step = (now) => {
        gaps.push(now - last); last = now;
        scrollBy(0, innerHeight / 4);
        const at = document.documentElement.scrollHeight;
        still = scrollY + innerHeight >= at - 2 && at === height ? still + 1 : 0;
        height = at;
        const entry = [...document.querySelectorAll("#people li")].at(-1);
        const shown = Number(entry?.ariaPosInSet ?? 0);
        if (still > 120 || shown >= 3000 || gaps.length > 3000) {
            done({gaps, shown});
        } else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""


async def looked_at(browser: Browser, url: str) -> dict[str, Any]:
    """Open a page with an empty cache; return its entries, milliseconds and bytes."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(url, wait_until="load")
    found = await page.evaluate(ENTRIES)
    await context.close()
    return found


async def scrolled(browser: Browser, url: str) -> dict[str, Any]:
    """Scroll the list of characters until three thousand are shown."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(f"{url}characters", wait_until="load")
    found = await page.evaluate(SCROLL)
    await context.close()
    return found


@contextlib.asynccontextmanager
async def running_site() -> AsyncIterator[str]:
    """Serve the site in a process of its own; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        where = f"127.0.0.1:{free_port()}"
        environment = {
            **os.environ,
            "MOEDEX_STORAGE__URL": f"sqlite+aiosqlite:///{Path(folder) / 'site.db'}",
            "MOEDEX_WEB__REQUESTS_A_MINUTE": "100000",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "web", "--listen", where,
            stdout=asyncio.subprocess.PIPE, env=environment,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
        try:
            await asyncio.wait_for(process.stdout.readline(), 120)
            yield f"http://{where}/"
        finally:
            process.terminate()
            await process.wait()


async def measure() -> tuple[list[list[object]], str]:
    """Return the rows of the pages, and the line of the scrolled list."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    rows: list[list[object]] = []
    async with running_site() as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        await looked_at(browser, url)  # the browser warms up
        for path in PAGES:
            found = [await looked_at(browser, f"{url}{path}") for _ in range(3)]
            median = {key: float(np.median([each[key] for each in found])) for key in found[0]}
            rows.append(
                [
                    f"/{path}", f"{median['answered']:.0f}", f"{median['first']:.0f}",
                    f"{median['largest']:.0f}", f"{median['shift']:.3f}",
                    f"{median['bytes'] / 1000:.0f}", f"{median['files']:.0f}",
                ]
            )  # fmt: skip
        list_ = await scrolled(browser, url)
        await browser.close()
    gaps = np.array(list_["gaps"])
    line = (
        f"{list_['shown']:,} characters scrolled past: {len(gaps):,} frames, half within "
        f"{np.median(gaps):.0f} ms, 95 % within {np.percentile(gaps, 95):.0f} ms, the longest "
        f"{gaps.max():.0f} ms."
    )
    return rows, line


def main(docs: Docs = None) -> None:
    """Measure what the pages weigh and how soon they show."""
    rows, line = asyncio.run(measure())
    head = ["page", "answered, ms", "first paint, ms", "largest paint, ms", "shift", "kB", "files"]
    made = f"`python -m benchmarks.site_pages`; {machine()}; {today()}."
    publish(f"{made}\n\n{table(head, rows)}\n\n{line}", docs, "pages")


if __name__ == "__main__":
    typer.run(main)
