"""The pages for labelling in Chromium: python -m benchmarks.labelling --docs docs/site.md.

A server with ten thousand crops: how soon the grid of all crops shows its first page, and how
evenly it scrolls from one end to the other; and how fast faces are labelled by keyboard.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import typer
from playwright.async_api import async_playwright, expect

from benchmarks.options import Docs
from benchmarks.statistics import machine, publish, table, today
from tests.page.conftest import ARGUMENTS, CHROMIUM
from tests.web.label.labelling import NAMES, label_site, opened_page

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession

    from tests.web.label.labelling import LabelSite

CROPS = 10_000
LOADS = 7
FACES = 20

FIRST_PAGE = """() => new Promise((resolve) => {
    const look = () => {
        const cells = [...document.querySelectorAll(".grid-cell:not([hidden]) img")];
        const box = document.getElementById("grid").getBoundingClientRect();
        const seen = cells.filter((each) => each.getBoundingClientRect().top < box.bottom);
        if (seen.length && seen.every((each) => each.complete && each.naturalWidth)) {
            resolve(performance.now());
        } else requestAnimationFrame(look);
    };
    look();
})"""
"""Milliseconds from the navigation until every crop in sight is drawn."""
SCROLL = """async (seconds) => {
    const grid = document.getElementById("grid");
    const far = grid.scrollHeight - grid.clientHeight;
    const frames = [];
    const start = performance.now();
    await new Promise((resolve) => {
        const step = (now) => {
            frames.push(now);
            const part = (now - start) / 1000 / seconds;
            grid.scrollTop = far * part;
            if (part < 1) requestAnimationFrame(step);
            else resolve();
        };
        requestAnimationFrame(step);
    });
    const drawn = [...document.querySelectorAll(".grid-cell:not([hidden]) img")];
    return {gaps: frames.slice(1).map((at, index) => at - frames[index]), cells: drawn.length};
}"""
"""Scrolls from the top to the end in so many seconds; gives the milliseconds between frames."""


async def seed(label: LabelSite, count: int, database: Path) -> None:
    """Keep crops of drawn samples: some as chat would bring them, the rest copied from those."""
    first = [await label.post(NAMES[n % 6], probability=0.4 + n / 48) for n in range(24)]
    crops = label.site.services.crops.folder
    with closing(sqlite3.connect(database, timeout=30)) as opened, opened:
        opened.row_factory = sqlite3.Row
        for table in ("answers", "face_observations"):
            rows = opened.execute(f"SELECT * FROM {table} ORDER BY reply_id").fetchall()  # noqa: S608
            for number in range(len(first), count):
                row = dict(rows[number % len(first)]) | {"reply_id": number + 1}
                if table == "answers":
                    row |= {"source_message_id": number + 10**6}
                else:
                    name = f"{label.server}/{number:08d}.webp"
                    shutil.copyfile(crops / str(row["crop"]), crops / name)
                    row |= {"id": number + 1, "group_id": number + 1, "crop": name}
                places = ", ".join("?" * len(row))
                opened.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})",  # noqa: S608
                    list(row.values()),
                )


async def loads(browser: Browser, label: LabelSite) -> tuple[list[float], list[float]]:
    """Return the milliseconds until the first page of all crops is drawn, in a new context each.

    The others are what the site computed meanwhile, the test's side of it included.
    """
    found: list[float] = []
    served: list[float] = []
    for _ in range(LOADS):
        before = time.process_time()
        async with opened_page(browser, label, f"label/{label.server}/crops") as page:
            found.append(await page.evaluate(FIRST_PAGE))
            served.append(1000 * (time.process_time() - before))
    return found, served


async def scroll(browser: Browser, label: LabelSite, seconds: float) -> dict[str, Any]:
    """Return the times between frames of one way through all crops."""
    async with opened_page(browser, label, f"label/{label.server}/crops") as page:
        await page.evaluate(FIRST_PAGE)
        chromium = await page.context.new_cdp_session(page)
        await chromium.send("Performance.enable", {"timeDomain": "threadTicks"})
        before, served = await _busy(chromium), time.process_time()
        found = await page.evaluate(SCROLL, seconds)
        spent = await _busy(chromium) - before
        return found | {"busy": spent, "served": time.process_time() - served}


async def _busy(chromium: CDPSession) -> float:
    """Return the seconds that the page's main thread computed so far."""
    told = await chromium.send("Performance.getMetrics")
    return next(each["value"] for each in told["metrics"] if each["name"] == "TaskDuration")


def told(found: dict[str, Any], crops: int) -> str:
    """Say how evenly a scroll went, and what was computed for it."""
    gaps = found["gaps"]
    late = sum(gap > 1.5 * 1000 / 60 for gap in gaps)
    return (
        f"{1000 * len(gaps) / sum(gaps):.1f} frames a second; {late} of {len(gaps)} frames late, "
        f"the latest by {max(gaps) - 1000 / 60:.0f} ms; the page's thread computes "
        f"{1000 * found['busy'] / len(gaps):.1f} ms a frame, the site "
        f"{1000 * found['served'] / crops:.1f} ms a crop"
    )


async def by_keyboard(browser: Browser, label: LabelSite) -> float:
    """Return the seconds in which so many faces are labelled, a name typed for every fifth."""
    async with opened_page(browser, label, f"label/{label.server}") as page:
        await expect(page.locator("#answers")).to_be_focused()
        began = time.perf_counter()
        for number in range(FACES):
            if number % 5 == 4:
                await page.keyboard.press("e")
                await page.keyboard.type("tsumugi")
                await page.keyboard.press("Enter")
                await expect(page.locator("#status")).to_have_text("Tsumugi.")
            else:
                await page.keyboard.press(str(number % 5 + 1))
        await expect(page.locator("#pace")).to_contain_text(f"{FACES} faces now")
        await expect(page.locator("#pace")).not_to_contain_text("keeping")
        return time.perf_counter() - began


async def measure(crops: int) -> list[list[str]]:
    """Measure everything; returns the table's rows."""
    with tempfile.TemporaryDirectory() as folder:
        async with label_site(Path(folder)) as label, async_playwright() as playwright:
            await seed(label, crops, Path(folder, "site.db"))
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(ARGUMENTS), chromium_sandbox=False
            )
            await scroll(browser, label, 60)  # makes the thumbnails
            first, served = await loads(browser, label)
            shown = f"{median(first):.0f} ms ({min(first):.0f} to {max(first):.0f})"
            computed = f"the site and the test compute {median(served):.0f} ms of it"
            rows = [["first page of all crops, every crop in sight drawn", f"{shown}; {computed}"]]
            for seconds in (40, 10):
                found = await scroll(browser, label, seconds)
                rows.append([f"all crops scrolled through in {seconds} s", told(found, crops)])
            spent = await by_keyboard(browser, label)
            rows.append(
                [f"{FACES} faces labelled by keyboard, every fifth by a typed name",
                 f"{spent:.1f} s: the page keeps up with {60 * FACES / spent:.0f} faces a minute"]
            )  # fmt: skip
            await browser.close()
            return rows


def main(crops: int = CROPS, docs: Docs = None) -> None:
    """Measure, print, and write the section of a document."""
    rows = asyncio.run(measure(crops))
    text = (
        f"`python -m benchmarks.labelling`; {crops:,} crops of drawn samples, headless Chromium, "
        f"1280 x 800, the site in the same process; {machine()}, "
        f"{os.getloadavg()[0]:.0f} processes at work meanwhile; {today()}.\n\n"
        f"{table(['what', 'measured'], rows)}"
    )
    publish(text, docs, "labelling")


if __name__ == "__main__":
    typer.run(main)
