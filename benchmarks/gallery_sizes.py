"""Confidence and threshold in galleries of 100 to 20,000 characters, measured by draws.

    python -m benchmarks.gallery_sizes --data ../shared/data --cache runs/faces --vectors FILE.npy

Confidence and threshold are fitted on one half of the impostors (`models.training.reserved`) and of
the characters that are asked, and measured on the other half. A gallery of n holds those who are
asked, as far as there is room, and others drawn at random; impostors are faces of reserved
identities. Beyond what is enrolled the gallery is filled with stand-ins: centroids, each moved by
how two characters differ that are like each other. `--real` has stand-ins from that size on, to see
what they are worth.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.breadth import CACHE, PRIOR, mapped
from benchmarks.options import DATA, Data
from benchmarks.statistics import machine, table, today
from models.gallery.calibration import TARGET_FPIR
from models.gallery.gallery import unit
from models.gallery.large_gallery import LargeGallery, LargeScoring
from models.gallery.sized_calibration import (
    SizedCalibration,
    SizedThreshold,
    fit_sized_calibration,
    fit_sized_threshold,
    sized_features,
)
from models.intervals import Share
from models.training.breadth.faces import load_faces, read_roster
from models.training.breadth.measures import Ground, embedded
from models.training.breadth.run import roles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.breadth.measures import Half, Vectors

SIZES: Final = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
DRAWS: Final = 4
CLOSEST: Final = 10


@dataclass(frozen=True, eq=False)
class Asked:
    """Faces of one half: known ones with the number of their character, and impostors."""

    known: Vectors
    owners: NDArray[np.int64]
    impostors: Vectors


@dataclass(frozen=True, eq=False)
class Draw:
    """What a draw gives: features of known faces and impostors, whether names are right."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]


def asked_of(ground: Ground, vectors: Vectors, half: Half) -> Asked:
    """The faces of a half: second pictures, fan art, many pictures, impostors."""
    part = Ground.of(ground.faces, ground.roles, _appearances(ground), half)
    chosen: list[int] = []
    owners: list[int] = []
    for role in ("second", "fan", "known"):
        faces, numbers = part.asked(role)
        # one kind must not outweigh the others, nor one character its fellows
        most = min(len(faces), 250)
        some = np.random.default_rng(0).permutation(len(faces))[:most]
        chosen += [faces[i] for i in some]
        owners += numbers[some].tolist()
    return Asked(vectors[chosen], np.array(owners), vectors[part.role("reserved")])


def _appearances(ground: Ground) -> dict[str, int]:
    counts = np.expm1(ground.log_appearances).round().astype(int)
    return dict(zip(ground.identities, counts.tolist(), strict=True))


def closest(centroids: Vectors, count: int = CLOSEST, rows: int = 1024) -> NDArray[np.int64]:
    """The characters most like each one, (n, count)."""
    found: list[NDArray[np.int64]] = []
    for first in range(0, len(centroids), rows):
        cosines = centroids[first : first + rows] @ centroids.T
        cosines[np.arange(len(cosines)), first + np.arange(len(cosines))] = -1
        found.append(np.argpartition(-cosines, count, axis=1)[:, :count])
    return np.concatenate(found)


def stand_ins(
    centroids: Vectors, near: NDArray[np.int64], count: int, rng: np.random.Generator
) -> Vectors:
    """Centroids of characters that are not there: one moved by how two like each other differ."""
    first = rng.integers(0, len(centroids), count)
    second = near[first, rng.integers(0, near.shape[1], count)]
    third = near[second, rng.integers(0, near.shape[1], count)]
    return unit(centroids[first] + centroids[second] - centroids[third])


def draw(
    gallery: LargeGallery,
    near: NDArray[np.int64],
    asked: Asked,
    size: int,
    rng: np.random.Generator,
    real: int = 10**9,
) -> Draw:
    """Ask faces in a gallery of `size`, at most `real` of whom are there; `near`: see `closest`."""
    owners = rng.permutation(np.unique(asked.owners))[: max(size // 2, 1)]
    others = np.setdiff1d(np.arange(len(gallery.centroids)), asked.owners)
    chosen = np.concatenate([owners, rng.permutation(others)[: min(size, real) - len(owners)]])
    part = gallery.subset(chosen)
    if len(chosen) < size:
        more = stand_ins(gallery.centroids, near, size - len(chosen), rng)
        part = LargeGallery(
            np.concatenate([part.centroids, more]),
            np.concatenate([part.counts, np.ones(len(more), np.int64)]),
            np.concatenate([part.added, rng.choice(gallery.added, len(more))]),
        )
    place = {int(owner): n for n, owner in enumerate(chosen)}
    there = [i for i, owner in enumerate(asked.owners) if int(owner) in place]
    truth = np.array([place[int(asked.owners[i])] for i in there], np.int64)
    scores = part.scores(np.concatenate([asked.known[there], asked.impostors]))
    known = np.arange(len(scores)) < len(there)
    best = scores.argmax(1)
    right = known & (best == np.concatenate([truth, np.full(len(asked.impostors), -1)]))
    return Draw(sized_features(scores, part.counts), right, known)


def fit(
    gallery: LargeGallery,
    near: NDArray[np.int64],
    asked: Asked,
    sizes: Sequence[int],
    draws: int = DRAWS,
) -> tuple[SizedCalibration, SizedThreshold]:
    """Fit confidence on draws of all sizes, and the threshold by size."""
    drawn = {
        size: [
            draw(gallery, near, asked, size, np.random.default_rng((size, n))) for n in range(draws)
        ]
        for size in sizes
    }
    every = [one for many in drawn.values() for one in many]
    confidence = fit_sized_calibration(
        np.concatenate([one.features for one in every]),
        np.concatenate([one.right for one in every]),
        np.concatenate([one.known for one in every]),
    )
    odds = [
        np.concatenate([confidence.log_odds(one.features[~one.known]) for one in many])
        for many in drawn.values()
    ]
    return confidence, fit_sized_threshold(sizes, odds, TARGET_FPIR)


def main(
    vectors: Annotated[
        Path, typer.Option(help="Vectors of all faces, as benchmarks.breadth keeps.")
    ],
    data: Data = DATA,
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")] = CACHE,
    axes: Annotated[int, typer.Option(help="Of the metric; 0: none.")] = 256,
    real: Annotated[int, typer.Option(help="Stand-ins from this size on.")] = 10**9,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Print the tables."""
    faces = load_faces(data, cache)
    appearances = {name: row.appearances for name, row in read_roster(data).items()}
    seen = np.load(vectors).astype(np.float32)
    roles = embedded(roles_of(faces, data), seen)
    ground = Ground.of(faces.faces, roles, appearances)
    if axes:
        seen = mapped(ground, seen, axes)
    gallery = LargeGallery.of(
        seen[ground.enrolled], ground.owners, ground.log_appearances, LargeScoring(prior=PRIOR)
    )
    near = closest(gallery.centroids)
    there = [size for size in SIZES if size <= len(gallery.centroids)]
    confidence, threshold = fit(gallery, near, asked_of(ground, seen, "fit"), there)
    asked = asked_of(ground, seen, "report")
    rows, kept = [], {}
    for size in SIZES:
        named = kept_right = right_named = known = Share(0, 0)
        gaps: list[float] = []
        for n in range(2 * DRAWS):
            one = draw(gallery, near, asked, size, np.random.default_rng((size, n, 1)), real)
            shown = confidence.log_odds(one.features) > threshold.among(size)
            named += Share.of(shown[~one.known])
            known += Share.of(one.right[one.known])
            kept_right += Share.of((shown & one.right)[one.known])
            right_named += Share.of(one.right[shown])
            gaps.append(_gap(confidence, one))
        rows.append((f"{size:,}", str(named), str(known), str(kept_right), f"{np.mean(gaps):.3f}"))
        kept[size] = {"fpir": named.as_dict(), "tpir": kept_right.as_dict(), "gap": np.mean(gaps)}
    print(
        f"`python -m benchmarks.gallery_sizes`, {vectors.name}; {machine()}; {today()}; "
        f"{2 * DRAWS} draws; intervals are of faces and too narrow, as draws share them.\n"
    )
    head = ("characters", "FPIR", "top-1", "TPIR", "calibration error")
    print(table(head, rows))
    if out is not None:
        out.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def _gap(confidence: SizedCalibration, one: Draw, bins: int = 10) -> float:
    """Expected calibration error, known faces and impostors counted half and half."""
    sure = confidence.probability(one.features)
    each = np.where(one.known, 0.5 / one.known.sum(), 0.5 / (~one.known).sum())
    edges = np.clip((sure * bins).astype(int), 0, bins - 1)
    return float(
        sum(abs((each[edges == b] * (sure - one.right)[edges == b]).sum()) for b in range(bins))
    )


if __name__ == "__main__":
    typer.run(main)
