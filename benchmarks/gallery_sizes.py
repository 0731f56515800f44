"""Calibration, threshold and tiers in galleries of 100 to 20,000 characters, measured by draws.

    python -m benchmarks.gallery_sizes --data ../shared/data --docs docs/accuracy.md
    python -m benchmarks.gallery_sizes --data ../shared/data --installed

Everything is fitted on one half of the impostors (`models.training.reserved`) and of the characters
that are asked, and measured on the other half (`models.training.gallery.ground`). `--installed`
measures what the installed names have instead: their scoring, calibration and threshold. A gallery
of n holds those who are asked, as far as there is room, and others drawn at random; impostors are
faces of reserved identities. Beyond what is enrolled the gallery is filled with stand-ins:
centroids, each moved by how two characters differ that are like each other.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import matplotlib as mpl
import numpy as np
import typer

from benchmarks.options import CACHE, DATA, Cache, Data, Docs
from benchmarks.statistics import machine, publish, table, today
from models.gallery.calibration import confidence_features, log_odds, logistic
from models.gallery.fitting import drawn, examine
from models.gallery.gallery import Gallery, unit
from models.gallery.namer import Namer
from models.gallery.policy import NamingPolicy
from models.gallery.scoring import scores
from models.intervals import Share
from models.training.gallery.ground import KINDS, Ground
from models.training.gallery.shipping import HELD_OUT, Sources, held_out_ground
from models.types import Character, Tier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.fitted import Calibration, Threshold
    from models.gallery.fitting import Examined
    from models.gallery.scoring import Scoring
    from models.types import Vectors

SIZES: Final = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
DRAWS: Final = 8
CLOSEST: Final = 10
BINS: Final = 15
TOP: Final = 5
CHANCES: Final = 200
POLICY: Final = NamingPolicy()


def stand_ins(gallery: Gallery, count: int, rng: np.random.Generator) -> Gallery:
    """Characters that are not there: a centroid moved by how two like each other differ."""
    centroids = gallery.centroids
    first = rng.integers(0, len(centroids), count)
    second = _one_like(centroids, first, rng)
    third = _one_like(centroids, second, rng)
    moved = unit(centroids[first] + centroids[second] - centroids[third])
    like = rng.integers(0, len(centroids), count)
    characters = [
        Character(f"stand-in {n}", "", "", appearances=gallery.characters[i].appearances)
        for n, i in enumerate(like)
    ]
    return Gallery.of_centroids(characters, moved, np.ones(count, np.int32))


def _one_like(
    centroids: Vectors, rows: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """One of the `CLOSEST` characters to each of these rows."""
    found: list[NDArray[np.int64]] = []
    for some in np.array_split(rows, max(len(rows) // 512, 1)):
        cosines = centroids[some] @ centroids.T
        cosines[np.arange(len(some)), some] = -1
        near = np.argpartition(-cosines, CLOSEST, axis=1)[:, :CLOSEST]
        found.append(near[np.arange(len(some)), rng.integers(0, CLOSEST, len(some))])
    return np.concatenate(found)


def of_size(ground: Ground, size: int, draw: int) -> Gallery:
    """A gallery of `size` characters, those who are asked among them."""
    rng = np.random.default_rng((size, draw, 1))
    if size <= len(ground.gallery.characters):
        return drawn(ground.gallery, ground.reporting, size, rng)
    more = stand_ins(ground.gallery, size - len(ground.gallery.characters), rng)
    return ground.gallery.extended(more)


def named(
    one: Examined, size: int, calibration: Calibration, threshold: Threshold
) -> NDArray[np.object_]:
    """The tier of each face, by the rule that the bot has."""
    odds = log_odds(one.features, calibration)
    limit = float(logistic(np.array(threshold.among(size))))
    stated = (POLICY.stated(sure, limit) for sure in logistic(odds).tolist())
    return np.array([POLICY.tier(sure) for sure in stated], object)


def calibration_gap(one: Examined, calibration: Calibration) -> float:
    """The expected calibration error over bins of equal weight, known and unknown half and half."""
    sure = logistic(log_odds(one.features, calibration))
    order = np.argsort(sure)
    weights, gaps = one.weights[order], (sure - one.right)[order]
    bins = np.minimum((np.cumsum(weights) / weights.sum() * BINS).astype(int), BINS - 1)
    return float(sum(abs((weights * gaps)[bins == b].sum()) for b in range(BINS)))


def gap_of_perfect(one: Examined, calibration: Calibration) -> float:
    """The error that a perfect calibration would show on so few faces, in the mean of `CHANCES`."""
    sure = logistic(log_odds(one.features, calibration))
    rng = np.random.default_rng(0)
    drawn_right = (rng.random(len(sure)) < sure for _ in range(CHANCES))
    gaps = [calibration_gap(replace(one, right=right), calibration) for right in drawn_right]
    return float(np.mean(gaps))


def before_table(
    ground: Ground, scoring: Scoring, calibration: Calibration, threshold: Threshold
) -> str:
    """What an answer said before there were tiers, and what it says now.

    Before, a name was said from the threshold on, and all others were "Unknown".
    """
    one = examine(ground.reporting, ground.gallery, scoring)
    size = len(ground.gallery.characters)
    said = log_odds(one.features, calibration) >= threshold.among(size)
    tiers = named(one, size, calibration, threshold)
    columns = {
        "before: a name": said,
        "before: Unknown": ~said,
        **{f"now: {tier.value.replace('_', ' ')}": tiers == tier for tier in Tier},
    }
    rows = []
    for title, asked in (("known", one.known), ("unknown identities", ~one.known)):
        cells: list[str] = []
        for inside in (chosen & asked for chosen in columns.values()):
            right = one.right[inside].mean() if inside.any() and title == "known" else None
            share = f"{100 * inside.sum() / asked.sum():.1f} %"
            cells.append(share if right is None else f"{share}, right {100 * right:.1f} %")
        rows.append((title, *cells))
    return table(("faces", *columns), rows)


def kinds_table(
    ground: Ground, scoring: Scoring, calibration: Calibration, threshold: Threshold
) -> str:
    """How often the right name comes first, or among five, by the kind of face, and the TPIR."""
    trial, size = ground.reporting, len(ground.gallery.characters)
    place = {character.id: index for index, character in enumerate(ground.gallery.characters)}
    truth = np.array([place.get(name, 0) for name in trial.truth])
    score = scores(trial.vectors, ground.gallery, scoring)
    rank = (score > score[np.arange(len(truth)), truth][:, None]).sum(1)
    above = log_odds(confidence_features(score, ground.gallery.counts), calibration)
    named_rightly = (above >= threshold.among(size)) & (rank == 0)
    kinds = np.array(trial.kinds, object)
    rows = []
    for kind in KINDS.values():
        asked = kinds == kind
        cells = (Share.of(hit[asked]) for hit in (rank == 0, rank < TOP, named_rightly))
        people = len({name for name, its in zip(trial.truth, kinds, strict=True) if its == kind})
        rows.append((kind, people, *map(str, cells)))
    return table(("faces", "characters", "top-1", "top-5", "TPIR, FPIR 5 %"), rows)


def sizes_table(
    ground: Ground, scoring: Scoring, calibration: Calibration, threshold: Threshold
) -> str:
    """FPIR, TPIR and calibration error by the size of the gallery."""
    rows = []
    for size in SIZES:
        fpir = tpir = tpir_at_fpir = top = Share(0, 0)
        gaps: list[float] = []
        for draw in range(DRAWS):
            one = examine(ground.reporting, of_size(ground, size, draw), scoring)
            is_named = named(one, size, calibration, threshold) == Tier.NAMED
            above = log_odds(one.features, calibration) >= threshold.among(size)
            fpir += Share.of(is_named[~one.known])
            top += Share.of(one.right[one.known])
            tpir += Share.of((is_named & one.right)[one.known])
            tpir_at_fpir += Share.of((above & one.right)[one.known])
            gaps.append(calibration_gap(one, calibration))
        row = (f"{size:,}", str(fpir), str(top), str(tpir), str(tpir_at_fpir))
        rows.append((*row, f"{np.mean(gaps):.3f}"))
    head = ("characters", "FPIR, named", "top-1", "named rightly", "TPIR, FPIR 5 %", "error")
    return table(head, rows)


def tiers_table(
    ground: Ground, scoring: Scoring, calibration: Calibration, threshold: Threshold
) -> str:
    """The share of each kind of face in each tier, and how often the name there is right."""
    one = examine(ground.reporting, ground.gallery, scoring)
    tiers = named(one, len(ground.gallery.characters), calibration, threshold)
    kinds = np.array(ground.reporting.kinds, object)
    asked = [(kind, kinds == kind) for kind in KINDS.values()]
    rows = []
    for name, chosen in (*asked, ("all known", one.known), ("unknown identities", ~one.known)):
        cells: list[str] = []
        for tier in Tier:
            inside = chosen & (tiers == tier)
            right = f", right {100 * one.right[inside].mean():.1f} %" if inside.any() else ""
            right = "" if name == "unknown identities" else right
            cells.append(f"{100 * inside.sum() / chosen.sum():.1f} %{right}")
        rows.append((name, int(chosen.sum()), *cells))
    return table(("faces", "n", "named", "probably", "not known"), rows)


def draw_reliability(one: Examined, calibration: Calibration, file: Path) -> None:
    """Draw how often names of each probability are right."""
    mpl.use("Agg")
    from matplotlib import pyplot

    sure = logistic(log_odds(one.features, calibration))
    bins = np.minimum((sure * 10).astype(int), 9)
    weight = np.array([one.weights[bins == b].sum() for b in range(10)])
    said = [np.average(sure[bins == b], weights=one.weights[bins == b]) for b in range(10)]
    right = [np.average(one.right[bins == b], weights=one.weights[bins == b]) for b in range(10)]
    figure, axes = pyplot.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.scatter(said, right, s=30 + 1500 * weight, color="#F2789F", alpha=0.8)
    axes.set(xlabel="stated probability", ylabel="share of right names", xlim=(0, 1), ylim=(0, 1))
    axes.set_title("Known and unknown identities half and half", fontsize=10)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)


def main(
    data: Data = DATA,
    cache: Cache = CACHE,
    held_out: Annotated[Path, typer.Option(help="The held-out embedding.")] = HELD_OUT,
    complete: Annotated[bool, typer.Option(help="Embed what is not embedded yet.")] = True,
    installed: Annotated[
        bool, typer.Option(help="Take scoring, calibration and threshold of the installed names.")
    ] = False,
    docs: Docs = None,
) -> None:
    """Print and write the tables."""
    sources = Sources.load(data, cache)
    ground = held_out_ground(sources, held_out, lambda _: None, complete=complete)
    if installed:
        namer = Namer.load()
        scoring, calibration, threshold = namer.scoring, namer.calibration, namer.threshold
    else:
        scoring = ground.choose_scoring()
        calibration, threshold = ground.fit(scoring)
    one = examine(ground.reporting, ground.gallery, scoring)
    command = f"python -m benchmarks.gallery_sizes{' --installed' if installed else ''}"
    text = (
        f"`{command}`; {machine()}; {today()}; gallery of "
        f"{len(ground.gallery.characters):,} characters; prior {scoring.prior:g}, hubness "
        f"{scoring.hubness:g}; expected calibration error on known and unknown half and half: "
        f"{calibration_gap(one, calibration):.3f}; a perfect calibration would show "
        f"{gap_of_perfect(one, calibration):.3f} on so few faces.\n\n"
        f"{tiers_table(ground, scoring, calibration, threshold)}\n\n"
        f"{before_table(ground, scoring, calibration, threshold)}\n\n"
        f"{kinds_table(ground, scoring, calibration, threshold)}\n\n"
        f"{DRAWS} draws; intervals are of faces and too narrow, as draws share them.\n\n"
        f"{sizes_table(ground, scoring, calibration, threshold)}"
    )
    publish(text, docs, "tiers")
    if docs is not None:
        draw_reliability(one, calibration, docs.with_name("calibration.png"))


if __name__ == "__main__":
    typer.run(main)
