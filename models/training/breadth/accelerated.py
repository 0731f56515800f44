"""The breadth run in minutes, on a machine with an accelerator and nothing but this and a pack.

    python -m models.training.breadth.accelerated pack --data ../shared/data --cache runs/faces \
        --out faces.pack
    KERAS_BACKEND=jax python -m models.training.breadth.accelerated train faces.pack \
        --start start.npz --out OUT --minutes 8

`models.training.breadth.start` writes `start.npz`; a run's `averaged.npz` is a start too. `pack`
writes all faces into one file (`models.training.breadth.face_pack`). `train` reads it, augments in
as many processes as there are cores, trains, measures what the held-out model never saw, and writes
weights in half precision, in parts of at most 15 MiB, with the classifier weights, the figures and
the log beside them. It stops on time: compiling and measuring count.
"""

# Keras's and JAX's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportMissingImports=false, reportOptionalMemberAccess=false, reportOptionalIterable=false

from __future__ import annotations

import io
import json
import multiprocessing
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import cv2
import numpy as np
import typer

from models.gallery.metric import fit_metric
from models.training.augmentation import framed, hue_shifts, shifted_hues
from models.training.breadth.face_pack import QUALITY, SIDE, cut, read_pack, write_pack
from models.training.breadth.measures import Ground, by_cosine, measure
from models.training.breadth.recipe import BreadthPlan, PairBatches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.pool import AsyncResult, Pool

    from numpy.typing import NDArray

    from models.training.breadth.faces import FaceSet

    Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]

PART: Final = 15 * 2**20
"""The largest file that is written, in bytes."""

AHEAD: Final = 3
"""Batches a process that are drawn before they are wanted."""

COOLED: Final = 0.35
"""The share of the run in which the rate falls to nothing."""

MEASURED: Final = 60.0
"""Seconds that measuring may take at the end."""

app = typer.Typer(add_completion=False)

_drawn_by: PairBatches
"""What a worker process draws from."""


@app.command()
def pack(
    data: Annotated[Path, typer.Option(help="The data folder.")],
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")],
    out: Annotated[Path, typer.Option(help="The pack.")],
    parts: Annotated[int, typer.Option(help="Cut it into parts of so many MiB; 0: don't.")] = 0,
    side: Annotated[int, typer.Option(help="Of the faces, in pixels.")] = SIDE,
    quality: Annotated[int, typer.Option(help="Of WebP, 1 to 100.")] = QUALITY,
) -> None:
    """Write the faces into one file."""
    from models.training.breadth.faces import load_faces, read_roster
    from models.training.breadth.run import roles_of

    faces = load_faces(data, cache)
    appearances = {name: row.appearances for name, row in read_roster(data).items()}
    roles = roles_of(faces, data)
    size = write_pack(out, faces, roles, appearances, side=side, quality=quality)
    print(f"{out}: {size / 2**20:.1f} MiB")  # noqa: T201
    if parts:
        cut(out, parts * 2**20)


@app.command()
def train(
    packs: Annotated[list[Path], typer.Argument(help="The pack, or its parts in order.")],
    start: Annotated[Path, typer.Option(help="start.npz, or averaged.npz of a run.")],
    out: Annotated[Path, typer.Option(help="Where the results go.")],
    minutes: Annotated[float, typer.Option(help="Of everything, measuring too.")] = 8.0,
    production: Annotated[bool, typer.Option(help="Train on all but the reserved.")] = False,
    singles: Annotated[int, typer.Option(help="Single pictures of a batch.")] = 256,
    pairs: Annotated[int, typer.Option(help="Pairs of a batch.")] = 128,
    side: Annotated[int, typer.Option(help="Of the pictures.")] = 112,
    rate: Annotated[float, typer.Option(help="The largest rate.")] = 1e-3,
    frozen: Annotated[str, typer.Option(help="The last block that keeps its start.")] = "mixed0",
    mixed: Annotated[bool, typer.Option(help="Compute in bfloat16.")] = True,
    processes: Annotated[int, typer.Option(help="That augment; 0: one a core.")] = 0,
) -> None:
    """Train, measure, write."""
    begun = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    plan = replace(
        BreadthPlan(),
        side=side,
        singles=singles,
        pairs=pairs,
        rate=rate,
        frozen=frozen,
        warm_up=200,
        memory=8 * (singles + 2 * pairs),
        class_rate=float(singles + 2 * pairs) / 128,
    )
    (out / "plan.json").write_text(json.dumps(asdict(plan), indent=1), encoding="utf-8")
    faces, roles, appearances = read_pack(*packs, threads=os.cpu_count() or 1)
    chosen = [
        i for i, role in enumerate(roles) if role == "train" or (production and role != "reserved")
    ]
    identities = sorted({faces.faces[i].identity for i in chosen})
    number = {identity: n for n, identity in enumerate(identities)}
    labels = np.array([number[faces.faces[i].identity] for i in chosen], np.int64)
    batches = PairBatches(faces, chosen, labels, plan)
    log = _Log(out / "log.jsonl", begun)
    log.write(faces=len(faces), trained=len(chosen), identities=len(identities))
    with _workers(
        batches, processes or os.cpu_count() or 1
    ) as pool:  # before Keras: it has threads
        run = _Run(plan, faces, chosen, labels, start, mixed=mixed)
        log.write(started=True)
        run.train(_drawn(pool, processes or os.cpu_count() or 1), begun, 60 * minutes, log)
    run.write(out, identities)
    if not production:
        vectors = run.vectors(list(range(len(faces))))
        ground = Ground.of(faces.faces, roles, appearances)
        log.write(figures=_figures(ground, vectors))
    log.write(done=True)


def _workers(batches: PairBatches, processes: int) -> Pool:
    global _drawn_by
    _drawn_by = batches
    return multiprocessing.get_context("fork").Pool(processes, cv2.setNumThreads, (0,))


def _draw(index: int) -> Batch:
    return _drawn_by.batch(index)


def _drawn(pool: Pool, processes: int) -> Iterator[Batch]:
    waiting: deque[AsyncResult[Batch]] = deque()
    index = 0
    while True:
        while len(waiting) < AHEAD * processes:
            waiting.append(pool.apply_async(_draw, (index,)))
            index += 1
        yield waiting.popleft().get()


def _figures(ground: Ground, vectors: NDArray[np.float32]) -> dict[str, dict[str, str]]:
    """The measures of plain cosine, and of a metric learned on what is enrolled; with the prior."""
    metric = fit_metric(vectors[ground.enrolled], ground.owners)
    ways = {"cosine": vectors, "metric": metric(vectors, 256)}
    return {
        way: {name: str(figure) for name, figure in measure(ground, seen, by_cosine(0.01)).items()}
        for way, seen in ways.items()
    }


class _Log:
    """Lines of JSON, to a file and to the terminal."""

    def __init__(self, path: Path, begun: float) -> None:
        self._path, self._begun = path, begun

    def write(self, **values: Any) -> None:
        line = json.dumps({"seconds": round(time.monotonic() - self._begun, 1), **values})
        print(line, flush=True)  # noqa: T201
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class _Run:
    """The network and its training; Keras is imported here, after the processes have forked."""

    def __init__(
        self,
        plan: BreadthPlan,
        faces: FaceSet,
        chosen: Sequence[int],
        labels: NDArray[np.int64],
        start: Path,
        *,
        mixed: bool,
    ) -> None:
        from models.training.breadth.network import freeze, load_breadth_network
        from models.training.breadth.on_jax import AcceleratedStep, quick_discriminant
        from models.training.quiet_keras import keras

        if mixed:
            keras.config.set_dtype_policy("mixed_bfloat16")
        self.network, settings = load_breadth_network(start)
        plan = self.plan = replace(
            plan, taps=tuple(settings["taps"]), dimensions=settings["dimensions"]
        )
        self._faces = faces
        freeze(self.network, plan.frozen)
        seen = keras.Model(self.network.input, self.network.get_layer("pooled").output)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            features = self._outputs(
                seen, list(pool.map(lambda i: framed(faces.picture(i), plan.side), chosen))
            )
        if settings.get("projected", True):
            kernel, bias = self.network.get_layer("projection").get_weights()
        else:
            kernel, bias = quick_discriminant(features, labels, plan.dimensions)
        scale = 1 / np.linalg.norm(features @ kernel + bias, axis=1).mean()
        self.network.get_layer("projection").set_weights([kernel * scale, bias * scale])
        count = int(labels.max()) + 1
        first = np.unique(labels, return_index=True)[1]
        classes = np.zeros((count * (plan.hues + 1), plan.dimensions), np.float32)
        np.add.at(classes, labels, features @ kernel + bias)
        for way, degrees in enumerate(hue_shifts(plan.hues), start=1):

            def shifted(i: int, degrees: int = degrees) -> NDArray[np.uint8]:
                picture = faces.picture(chosen[i])
                other = shifted_hues(picture, degrees)
                return framed(picture if other is None else other, plan.side)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                crops = list(pool.map(shifted, first.tolist()))
            found = self._outputs(seen, crops) @ kernel + bias
            classes[way * count : (way + 1) * count] = found
        classes /= np.maximum(np.linalg.norm(classes, axis=1, keepdims=True), 1e-9)
        self._classes = count
        self.step = AcceleratedStep(self.network, classes, plan)

    def _outputs(
        self, network: Any, crops: Sequence[NDArray[np.uint8]], batch: int = 256
    ) -> NDArray[np.float32]:
        parts: list[NDArray[np.float32]] = []
        for first in range(0, len(crops), batch):
            some = np.stack(crops[first : first + batch]).astype(np.float32) / 127.5 - 1
            padded = np.zeros((batch, *some.shape[1:]), np.float32)
            padded[: len(some)] = some
            parts.append(np.asarray(network.predict_on_batch(padded), np.float32)[: len(some)])
        return np.concatenate(parts)

    def train(self, batches: Iterator[Batch], begun: float, seconds: float, log: _Log) -> None:
        """Train until a minute before the time is over."""
        first = time.monotonic()
        end = begun + seconds - MEASURED
        plan, seen, last = self.plan, [], first
        for number, (pixels, labels) in enumerate(batches):
            now = time.monotonic()
            progress = (now - first) / max(end - first, 1e-9)
            if progress >= 1:
                return
            rate = plan.rate * min(1.0, (number + 1) / plan.warm_up, (1 - progress) / COOLED)
            seen.append(self.step(pixels, labels, rate))
            if number % 100 == 99 or number == 1:
                means = {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}
                speed = len(seen) * len(labels) / (time.monotonic() - last)
                log.write(step=number + 1, rate=rate, faces_a_second=round(speed), **means)
                seen, last = [], time.monotonic()

    def vectors(self, chosen: Sequence[int]) -> NDArray[np.float32]:
        """Vectors of faces by the averaged weights."""
        self.network.set_weights(self.step.averaged())
        crops = [framed(self._faces.picture(i), self.plan.side) for i in chosen]
        found = self._outputs(self.network, crops)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def write(self, out: Path, identities: Sequence[str]) -> None:
        """Write averaged weights and classifier weights in half precision, in parts."""
        settings = {"taps": self.plan.taps, "dimensions": self.plan.dimensions}
        arrays = {f"weight_{i:03d}": w for i, w in enumerate(self.step.averaged())}
        _in_parts(out / "averaged.npz", settings, arrays)
        rows = np.asarray(self.step.state.classes)[: self._classes]
        names = np.array(json.dumps(list(identities)))
        _in_parts(out / "classes.npz", {}, {"rows": rows, "identities": names})


def _in_parts(path: Path, settings: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write an .npz in half precision, cut into parts that `cat` puts together."""
    whole = io.BytesIO()
    half = {n: a.astype(np.float16) if a.dtype == np.float32 else a for n, a in arrays.items()}
    np.savez(whole, settings=np.array(json.dumps(settings)), **half)
    for number, first in enumerate(range(0, whole.tell(), PART)):
        part = path.with_name(f"{path.name}.{number}")
        part.write_bytes(whole.getvalue()[first : first + PART])


if __name__ == "__main__":
    app()
