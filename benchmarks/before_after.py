"""Two versions of the bot, side by side: from post to answer, and pictures a second.

    git worktree add ../before COMMIT
    python -m benchmarks.before_after ../before --data ../shared/data/posts --docs docs/serving.md

Each version has a process and a sandbox of its own. They get every picture in turn, and only one of
them has something to do at a time, so that what else the machine does falls on both alike. Both are
measured by their own `benchmarks.measured_bot`, and posted to by this checkout's sandbox.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from benchmarks.identify import STAGES, post_all, scenes, single_faces, stages_ms
from benchmarks.options import Docs
from benchmarks.serving import served
from benchmarks.statistics import machine, publish, table, today

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.serving import Served

VERSIONS = ("before", "after")


async def timed(bot: Served, pictures: list[bytes]) -> dict[str, Any]:
    """Post pictures at once; return the milliseconds by the clock and of the processors.

    Beside them stand the milliseconds of each stage, the mean of the pictures.
    """
    for told in ("picture", "drawing"):
        bot.told[told].clear()
    computed = bot.processor_s()
    seconds = await post_all(bot, pictures)
    return {
        "clock": 1000 * seconds,
        "processors": 1000 * (bot.processor_s() - computed),
        **stages_ms(bot),
    }


async def in_turn(
    bots: Sequence[Served], posts: Sequence[list[bytes]]
) -> dict[str, list[dict[str, Any]]]:
    """Give each version each post, the one first and then the other."""
    found: dict[str, list[dict[str, Any]]] = {version: [] for version in VERSIONS}
    for number, pictures in enumerate(posts):
        pairs = list(zip(VERSIONS, bots, strict=True))
        for version, bot in reversed(pairs) if number % 2 else pairs:
            found[version].append(await timed(bot, pictures))
    return found


async def measure(
    before: Path, data: Path | None, count: int, posts: int, waiting: int, rounds: int
) -> dict[str, Any]:
    """Measure every scene, and `waiting` pictures of the first at once, `rounds` times."""
    pictures = scenes(single_faces(data, count))
    checkouts = before, Path.cwd()
    figures: dict[str, Any] = {
        "machine": machine(),
        "date": today(),
        **{version: _commit(path) for version, path in zip(VERSIONS, checkouts, strict=True)},
        "scenes": {},
    }
    async with AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(served(checkout=checkout)) for checkout in checkouts
        ]
        one = next(iter(pictures.values()))
        await in_turn(bots, [[each] for each in one[:2]])
        for name, files in pictures.items():
            single = [[each] for each in islice(cycle(files), posts)]
            figures["scenes"][name] = await in_turn(bots, single)
        many = list(islice(cycle(one), waiting))
        figures["waiting"] = waiting
        figures["at once"] = await in_turn(bots, [many] * rounds)
        figures["memory"] = {
            version: await bot.memory() for version, bot in zip(VERSIONS, bots, strict=True)
        }
    return figures


def shown(figures: dict[str, Any]) -> str:
    """Write the figures as Markdown tables."""
    rows = []
    for name, found in figures["scenes"].items():
        clock, computed = (
            [float(np.median([each[of] for each in found[version]])) for version in VERSIONS]
            for of in ("clock", "processors")
        )
        rows.append(
            [
                name,
                len(found["after"]),
                *(f"{value:.0f}" for value in clock),
                f"{clock[1] / clock[0]:.2f}",
                *(f"{value:.0f}" for value in computed),
                f"{computed[1] / computed[0]:.2f}",
            ]
        )
    head = ["scene", "posts", "p50 ms before", "after", "ratio"]
    times = table([*head, "processor ms before", "after", "ratio"], rows)
    stages = table(
        ["scene", "version", *STAGES],
        [
            [name, version]
            + [f"{np.median([each[stage] for each in found[version]]):.1f}" for stage in STAGES]
            for name, found in figures["scenes"].items()
            for version in VERSIONS
        ],
    )
    rates = [
        1000 * figures["waiting"] / float(np.median([each["clock"] for each in found]))
        for found in figures["at once"].values()
    ]
    computed = [
        float(np.median([each["processors"] for each in found])) / figures["waiting"]
        for found in figures["at once"].values()
    ]
    many = table(
        ["waiting", "rounds", "a second before", "after", "ratio", "processor ms each", "after"],
        [
            [
                figures["waiting"],
                len(figures["at once"]["after"]),
                *(f"{rate:.1f}" for rate in rates),
                f"{rates[1] / rates[0]:.2f}",
                *(f"{value:.0f}" for value in computed),
            ]
        ],
    )
    peaks = " and ".join(f"{figures['memory'][version]['peak']:.0f}" for version in VERSIONS)
    said = (
        f"{figures['date']}, {figures['machine']}; before: {figures['before']}, "
        f"after: {figures['after']}. Most memory: {peaks} MB."
    )
    return "\n\n".join([said, times, stages, many])


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, capture_output=True, text=True, check=True
    ).stdout.strip()


def main(
    before: Annotated[Path, typer.Argument(help="A checkout of the version to compare with.")],
    data: Annotated[Path | None, typer.Option(help="The folder of posts.")] = None,
    count: Annotated[int, typer.Option(help="Different pictures with one face.")] = 12,
    posts: Annotated[int, typer.Option(help="Posts a scene, to each version.")] = 12,
    waiting: Annotated[int, typer.Option(help="Pictures posted at once.")] = 64,
    rounds: Annotated[int, typer.Option(help="How often.")] = 3,
    docs: Docs = None,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Measure a version beside another."""
    figures = asyncio.run(measure(before.resolve(), data, count, posts, waiting, rounds))
    publish(shown(figures), docs, "before_after")
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
