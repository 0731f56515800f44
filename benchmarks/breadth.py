"""Measures an embedding in a gallery of all characters: eleven thousand, most from one portrait.

    python -m benchmarks.breadth --data ../shared/data --cache runs/faces --weights FILE

`--weights` is an embedding (`.tflite`), the averaged weights of a breadth run (`.npz`, with
`--side`), or vectors of all faces (`.npy`) that something else computed. Vectors are kept beside
`--cache`. What is asked was trained on by none that learned from the role `train` of
`models.training.breadth.split` alone; the production model has seen all of `characters/`, so that
its figures for `many pictures` and `fan art` are those of what it was trained on.

The ways of scoring: the cosine to a character's centroid; with the prior from appearances; with a
metric that is learned on the enrolled pictures besides (`models.gallery.metric`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.options import CACHE, DATA, Cache, Data
from benchmarks.statistics import machine, table, today
from models.embedding.embedder import closer
from models.gallery.gallery import unit
from models.gallery.metric import fit_metric
from models.training.augmentation import framed
from models.training.breadth.faces import load_faces, read_roster
from models.training.breadth.measures import Ground, by_cosine, embedded, measure
from models.training.breadth.run import roles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.training.breadth.faces import FaceSet
    from models.training.breadth.measures import Figure, Vectors

PRIOR: Final = 0.01
SHRINKAGE: Final = 0.3


def mapped(ground: Ground, vectors: Vectors, axes: int, shrinkage: float = SHRINKAGE) -> Vectors:
    """All vectors under a metric that the enrolled ones teach."""
    metric = fit_metric(vectors[ground.enrolled], ground.owners, shrinkage=shrinkage)
    return metric(vectors, axes)


def vectors_of(faces: FaceSet, weights: Path, side: int, *, twice: bool) -> Vectors:
    """The vector of every face, by the weights of a file."""
    if weights.suffix == ".npy":
        return np.load(weights).astype(np.float32)
    if weights.suffix == ".npz":
        return _by_breadth(faces, weights, side, twice=twice)
    from models.embedding.embedder import Embedder

    embedder = Embedder.load(weights, twice=twice)
    parts = [
        embedder.embed(np.stack([framed(faces.picture(i), embedder.side) for i in some]))
        for some in np.array_split(np.arange(len(faces)), max(len(faces) // 32, 1))
    ]
    return np.concatenate(parts)


def _by_breadth(faces: FaceSet, weights: Path, side: int, *, twice: bool) -> Vectors:
    from models.training.breadth.network import load_breadth_network, outputs_of

    network, _ = load_breadth_network(weights)
    crops = lambda i: framed(faces.picture(i), side)  # noqa: E731
    copies = [crops, lambda i: closer(crops(i))] if twice else [crops]
    found = [np.concatenate([*outputs_of(network, copy, len(faces))]) for copy in copies]
    return unit(np.sum(found, axis=0))


def main(
    weights: Annotated[Path, typer.Option(help="An embedding, averaged weights, or vectors.")],
    data: Data = DATA,
    cache: Cache = CACHE,
    side: Annotated[int, typer.Option(help="Of the crops, for averaged weights.")] = 112,
    twice: Annotated[bool, typer.Option(help="Average in the closer copy.")] = True,
    half: Annotated[str, typer.Option(help="fit, report, or nothing for all.")] = "",
    axes: Annotated[int, typer.Option(help="Of the metric.")] = 256,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Print the table."""
    faces = load_faces(data, cache)
    appearances = {name: row.appearances for name, row in read_roster(data).items()}
    vectors = _kept(faces, weights, cache.parent / "vectors", side, twice=twice)
    roles = embedded(roles_of(faces, data), vectors)
    asked = {"fit": "fit", "report": "report"}.get(half)
    ground = Ground.of(faces.faces, roles, appearances, asked)  # pyright: ignore[reportArgumentType]
    learned = mapped(ground, vectors, axes)
    found = {
        "cosine": measure(ground, vectors, by_cosine(0)),
        "with the prior": measure(ground, vectors, by_cosine(PRIOR)),
        "metric": measure(ground, learned, by_cosine(0)),
        "metric, prior": measure(ground, learned, by_cosine(PRIOR)),
    }
    print(
        f"`python -m benchmarks.breadth`, {weights.name}, gallery of {len(ground.identities)} "
        f"characters; {machine()}; {today()}. Percent, with 95 % bootstrap intervals over "
        "characters.\n"
    )
    print(_table(found))
    if out is not None:
        written = {way: {n: asdict(f) for n, f in rows.items()} for way, rows in found.items()}
        out.write_text(json.dumps(written, indent=1), encoding="utf-8")


def _kept(faces: FaceSet, weights: Path, folder: Path, side: int, *, twice: bool) -> Vectors:
    if weights.suffix == ".npy":
        return vectors_of(faces, weights, side, twice=twice)
    version = hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
    path = folder / f"{version}_{side}{'_twice' if twice else ''}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors_of(faces, weights, side, twice=twice).astype(np.float16))
    return np.load(path).astype(np.float32)


def _table(found: dict[str, dict[str, Figure]]) -> str:
    names: Sequence[str] = list(next(iter(found.values())))
    first = next(iter(found.values()))
    rows = [
        (f"{name} (n = {first[name].count})", *(str(ways[name]) for ways in found.values()))
        for name in names
    ]
    return table(("measure", *found), rows)


if __name__ == "__main__":
    typer.run(main)
