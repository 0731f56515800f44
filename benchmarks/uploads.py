"""Fifty uploads at a time to the site, while the bot answers in chat: python -m benchmarks.uploads.

    python -m benchmarks.uploads [--parallel 50] [--posts 24] [--docs docs/site.md]

The bot runs in its own process with the site beside it. Chat posts one picture after the other,
first alone, then while so many uploads are always under way: all from one address, then each from
an address of its own, as a trusted proxy would say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import numpy as np
import typer

from benchmarks.identify import jpeg, post_all, single_faces, sized
from benchmarks.options import Docs
from benchmarks.serving import Served, served
from benchmarks.statistics import machine, publish, table, today

LATE_MS = 50


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def uploading(
    client: aiohttp.ClientSession, url: str, pictures: list[bytes], who: str, took: dict[int, list]
) -> None:
    """Upload one picture after the other, and note status and seconds of each."""
    for number in range(10**6):
        form = aiohttp.FormData()
        form.add_field("image", pictures[number % len(pictures)], filename="a.jpg")
        since = time.perf_counter()
        headers = {"X-Forwarded-For": who}
        async with client.post(f"{url}api/v1/identify", data=form, headers=headers) as answer:
            await answer.read()
            took.setdefault(answer.status, []).append(time.perf_counter() - since)


async def chat(bot: Served, pictures: list[bytes]) -> list[float]:
    """Post one picture after the other; milliseconds until each answer."""
    return [1000 * await post_all(bot, [picture]) for picture in pictures]


async def under_load(
    bot: Served, url: str, pictures: list[bytes], posts: int, addresses: list[str]
) -> dict[str, Any]:
    """Measure chat while each address has an upload under way."""
    took: dict[int, list] = {}
    bot.told["late"].clear()
    since = time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=300)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as client:
        tasks = [
            asyncio.create_task(uploading(client, url, pictures, who, took)) for who in addresses
        ]
        await asyncio.sleep(2)  # the queue fills
        times = await chat(bot, [pictures[i % len(pictures)] for i in range(posts)])
        seconds = time.perf_counter() - since
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
    uploads = took.get(200, [])
    return figures(bot, times) | {
        "uploads_answered": len(uploads),
        "uploads_refused_or_lost": sum(len(each) for status, each in took.items() if status != 200),
        "uploads_a_second": len(uploads) / seconds,
        "upload_p50_ms": 1000 * float(np.median(uploads)) if uploads else 0.0,
        "memory_peak_mb": (await bot.memory())["peak"],
    }


def figures(bot: Served, times: list[float]) -> dict[str, Any]:
    """Return what was measured of chat and of the event loop."""
    late = [1000 * each["seconds"] for each in bot.told["late"]]
    own = [1000 * each["own"] for each in bot.told["late"]]
    return {
        "chat_p50_ms": float(np.median(times)),
        "chat_p95_ms": float(np.percentile(times, 95)),
        "loop_late_over_50_ms": sum(each > LATE_MS for each in late),
        "loop_max_late_ms": max(late, default=0.0),
        "loop_max_own_ms": max(own, default=0.0),
    }


async def measure(data: Path | None, parallel: int, posts: int) -> dict[str, dict[str, Any]]:
    """Measure chat alone and under both loads, in one process of the bot."""
    pictures = [jpeg(sized(face, 1000, 1000)) for face in single_faces(data, 12)]
    where = f"127.0.0.1:{free_port()}"
    settings = {
        "MOEDEX_WEB__LISTEN": where,
        "MOEDEX_WEB__PARALLEL_UPLOADS": str(parallel),
        "MOEDEX_WEB__UPLOADS_A_MINUTE": "100000",
        "MOEDEX_WEB__REQUESTS_A_MINUTE": "100000",
        "MOEDEX_WEB__PROXIES": json.dumps(["127.0.0.1"]),
    }
    async with served(settings=settings) as bot:
        await chat(bot, pictures[:4])
        bot.told["late"].clear()
        alone = figures(bot, await chat(bot, [pictures[i % 12] for i in range(posts)]))
        alone["memory_peak_mb"] = (await bot.memory())["peak"]
        one = ["203.0.113.1"] * parallel
        many = [f"203.0.113.{number + 1}" for number in range(parallel)]
        url = f"http://{where}/"
        return {
            "chat alone": alone,
            f"{parallel} uploads of one address": await under_load(bot, url, pictures, posts, one),
            f"{parallel} uploads of as many addresses": await under_load(
                bot, url, pictures, posts, many
            ),
        }


def main(
    data: Annotated[Path | None, typer.Option(help="The folder of posts.")] = None,
    parallel: Annotated[int, typer.Option(help="Uploads at a time.")] = 50,
    posts: Annotated[int, typer.Option(help="Pictures posted in chat, each time.")] = 24,
    docs: Docs = None,
) -> None:
    """Measure what uploads cost the chat."""
    found = asyncio.run(measure(data, parallel, posts))
    keys = list(dict.fromkeys(key for each in found.values() for key in each))
    rows = [
        [key.replace("_", " "), *(shown(each.get(key)) for each in found.values())] for key in keys
    ]
    command = f"`python -m benchmarks.uploads --parallel {parallel} --posts {posts}`"
    text = f"{command}; {machine()}; {today()}.\n\n{table(['figure', *found], rows)}"
    publish(text, docs, "uploads")


def shown(value: Any) -> str:
    """Write a figure; what was not measured is a dash."""
    return "–" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    typer.run(main)
