"""From a posted picture to the bot's answer: time, its stages, throughput and memory.

    python -m benchmarks.identify [--data ../shared/data/posts] [--docs docs/serving.md]

The bot runs in its own process, over the real protocol against the sandbox. Pictures come from
`--data` (posts with one head each) where given, else from the sandbox's drawn shelf.
"""

from __future__ import annotations

import asyncio
import csv
import json
import time
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from benchmarks.options import Docs
from benchmarks.serving import Served, served
from benchmarks.statistics import machine, publish, table, today
from models.types import Pixels
from sandbox.samples.shelf import load_samples

STAGES = ("wait", "decode", "detect", "crop", "gather", "embed", "name")
WAITING = (1, 8, 64)
_ANSWER_S = 60.0

_REST_S = 5.0
"""So long after an answer the bot counts as at rest."""


def read(data: bytes) -> Pixels:
    """Decode a file to (height, width, 3) uint8, in OpenCV's order of channels."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def jpeg(picture: Pixels) -> bytes:
    """Encode a picture as it is usually posted."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise ValueError("the picture can't be saved as JPEG")
    return data.tobytes()


def sized(picture: Pixels, width: int, height: int) -> Pixels:
    """Scale a picture into (height, width), its edge going on where the shape differs."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    small = np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    bottom, right = max(0, height - small.shape[0]), max(0, width - small.shape[1])
    return np.asarray(
        cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
    )


def single_faces(data: Path | None, count: int) -> list[Pixels]:
    """Return `count` pictures with one head each."""
    if data is None:
        drawn = [sample for sample in load_samples() if sample.people == 1]
        return [read(drawn[i % len(drawn)].read()) for i in range(count)]
    with (data.parent / "posts.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in list(csv.reader(file))[1:] if len(row[3].split()) == 1]
    names = [row[0] for row in rows][:: max(1, len(rows) // count)]
    return [read((data / names[i % len(names)]).read_bytes()) for i in range(count)]


def scenes(faces: list[Pixels]) -> dict[str, list[bytes]]:
    """Return the three scenes: one face, four faces, and 12 megapixels."""
    fours = [
        np.vstack([np.hstack([sized(f, 500, 500) for f in four[i : i + 2]]) for i in (0, 2)])
        for four in (faces[i : i + 4] for i in range(0, len(faces) - 3, 4))
    ]
    large = [cv2.resize(sized(f, 1000, 750), (4000, 3000)) for f in faces[: len(fours)]]
    return {
        "one face, 1000 px": [jpeg(sized(f, 1000, 1000)) for f in faces],
        "four faces, 1000 px": [jpeg(four) for four in fours],
        "one face, 12 megapixels": [jpeg(np.asarray(picture, np.uint8)) for picture in large],
    }


async def post_all(bot: Served, pictures: list[bytes]) -> float:
    """Post pictures at once, a message each; return the seconds until the last answer."""
    ann = bot.sandbox.member("ann")
    start = time.perf_counter()
    posted = [
        await ann.post("general", files=[(f"picture-{i}.jpg", data)])
        for i, data in enumerate(pictures)
    ]
    await asyncio.gather(*(bot.sandbox.answer_to(message, _ANSWER_S) for message in posted))
    return time.perf_counter() - start


def stages_ms(bot: Served) -> dict[str, float]:
    """Return the milliseconds of each stage, the mean of the pictures that a bot has told of."""
    told = bot.told["picture"] or [{"seconds": {}}]
    stages = {
        stage: 1000 * float(np.mean([item["seconds"].get(stage, 0.0) for item in told]))
        for stage in STAGES
    }
    drawn = sum(item["seconds"] for item in bot.told["drawing"])
    return {**stages, "draw": 1000 * drawn / len(told)}


async def scene_figures(bot: Served, pictures: list[bytes], repeats: int) -> dict[str, Any]:
    """Post one picture after the other; times in milliseconds."""
    await post_all(bot, pictures[:1])
    for told in ("picture", "drawing"):
        bot.told[told].clear()
    times = [1000 * await post_all(bot, [picture]) for _ in range(repeats) for picture in pictures]
    stages = stages_ms(bot)
    return {
        "posts": len(times),
        "faces": float(np.mean([item["faces"] for item in bot.told["picture"]])),
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
        "stages_ms": stages | {"Discord's side": float(np.mean(times)) - sum(stages.values())},
    }


async def measure(data: Path | None, count: int, repeats: int) -> dict[str, Any]:
    """Measure everything; one bot process for all."""
    faces = single_faces(data, count)
    async with served() as bot:
        await post_all(bot, [jpeg(sized(faces[0], 1000, 1000))])
        await asyncio.sleep(_REST_S)
        rest = await bot.memory()
        figures: dict[str, Any] = {
            "machine": machine(),
            "date": today(),
            "pictures": "posts" if data else "drawn samples",
            "scenes": {
                name: await scene_figures(bot, pictures, repeats)
                for name, pictures in scenes(faces).items()
            },
        }
        one = scenes(faces)["one face, 1000 px"]
        figures["pictures_a_second"] = {}
        for waiting in WAITING:
            seconds = await post_all(bot, [one[i % len(one)] for i in range(waiting)])
            figures["pictures_a_second"][str(waiting)] = waiting / seconds
        await asyncio.sleep(_REST_S)
        memory = await bot.memory()
        figures["memory_mb"] = {
            "at rest, after the first picture": rest["now"],
            "at rest, after all": memory["now"],
            "peak": memory["peak"],
        }
    return figures


def shown(figures: dict[str, Any]) -> str:
    """Write the figures as Markdown tables."""
    scenes_table = table(
        ["scene", "posts", "p50 ms", "p95 ms", *STAGES, "draw", "Discord's side"],
        [
            [name, f["posts"], f"{f['p50_ms']:.0f}", f"{f['p95_ms']:.0f}"]
            + [f"{f['stages_ms'][stage]:.0f}" for stage in (*STAGES, "draw", "Discord's side")]
            for name, f in figures["scenes"].items()
        ],
    )
    rates = table(
        ["waiting", "pictures a second"],
        [[n, f"{rate:.1f}"] for n, rate in figures["pictures_a_second"].items()],
    )
    memory = table(
        ["memory", "MB"], [[when, f"{mb:.0f}"] for when, mb in figures["memory_mb"].items()]
    )
    head = f"{figures['date']}, {figures['machine']}; pictures: {figures['pictures']}."
    return "\n\n".join([head, scenes_table, rates, memory])


def main(
    data: Annotated[Path | None, typer.Option(help="The folder of posts.")] = None,
    count: Annotated[int, typer.Option(help="Different pictures a scene.")] = 20,
    repeats: Annotated[int, typer.Option(help="How often each is posted.")] = 2,
    docs: Docs = None,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Measure from post to answer."""
    figures = asyncio.run(measure(data, count, repeats))
    publish(shown(figures), docs, "identify")
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
