"""How late the bot's event loop is under load: it must never be blocked for more than 50 ms.

    python -m benchmarks.loop [--pictures 64] [--rounds 3] [--docs docs/serving.md]

The bot runs in its own process with all pictures posted at once; a task on its event loop asks to
be woken every 5 ms and tells how late it was, and how long the loop's own thread computed
meanwhile: where all cores are busy, the rest of the lateness is the operating system's.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.identify import jpeg, post_all, single_faces, sized
from benchmarks.options import Docs
from benchmarks.serving import served
from benchmarks.statistics import machine, publish, table, today

LIMIT_MS = 50


async def measure(data: Path | None, pictures: int, rounds: int) -> dict[str, Any]:
    """Post `pictures` at once, `rounds` times; lateness in milliseconds."""
    faces = [jpeg(sized(face, 1000, 1000)) for face in single_faces(data, 20)]
    async with served() as bot:
        await post_all(bot, faces[:1])
        bot.told["late"].clear()
        seconds = 0.0
        for _ in range(rounds):
            seconds += await post_all(bot, [faces[i % len(faces)] for i in range(pictures)])
        late = np.array([1000 * item["seconds"] for item in bot.told["late"]] or [0.0])
        own = [1000 * item["own"] for item in bot.told["late"]] or [0.0]
    return {
        "machine": machine(),
        "date": today(),
        "posts": pictures * rounds,
        "seconds": seconds,
        "late_over_10_ms": len(bot.told["late"]),
        "late_over_50_ms": int((late > LIMIT_MS).sum()),
        "p99_of_late_ms": float(np.percentile(late, 99)),
        "max_late_ms": float(late.max()),
        "max_own_ms": max(own),
    }


def main(
    data: Annotated[Path | None, typer.Option(help="The folder of posts.")] = None,
    pictures: Annotated[int, typer.Option(help="Posted at once.")] = 64,
    rounds: Annotated[int, typer.Option(help="How often.")] = 3,
    docs: Docs = None,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Measure the event loop's lateness under load."""
    figures = asyncio.run(measure(data, pictures, rounds))
    shown = table(
        ["figure", "value"],
        [[n, f"{v:.1f}" if isinstance(v, float) else v] for n, v in figures.items()],
    )
    publish(shown, docs, "loop")
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
