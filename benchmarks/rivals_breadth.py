"""The article's way, Takayama's way and ours among 1,000 and 10,000 characters, one portrait each.

    python -m benchmarks.rivals_breadth ../shared/data --start PACKAGE.tgz --docs docs/accuracy.md

All three learn from the same portrait of each character and are asked about the same faces: second
pictures and fan art of the half that reports (`models.training.gallery.ground`). Ours is the
held-out embedding, which trained on none of these faces, with the scoring that ships, which the
other half chose. The article's softmax learns for `SOFTMAX_STEPS` steps of L-BFGS. `PACKAGE.tgz` is
version 4.3.0 of the npm package nsfwjs, which carries the starting weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances

from benchmarks.methods.article import FrozenInception
from benchmarks.methods.takayama import Takayama
from benchmarks.options import CACHE, Cache, Docs
from benchmarks.statistics import machine, publish, table, today
from models.embedding.embedder import Embedder
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring, scores
from models.intervals import Share
from models.roster.roster import load_roster
from models.training.gallery.shipping import HELD_OUT, Sources
from models.training.reserved import reports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.types import Pixels

    Grades = NDArray[np.floating]

SIZES: Final = (1000, 10_000)
KINDS: Final = {"second": "second pictures", "fan": "fan art"}
SOFTMAX_STEPS: Final = 40
SOFTMAX_STRENGTH: Final = 10.0


def chosen_faces(sources: Sources, size: int) -> tuple[list[int], list[int]]:
    """One portrait of each of `size` characters, and the faces that are asked: rows of the faces.

    Those who are asked are among the characters; the others are drawn at random.
    """
    roster = load_roster()
    listed = {character.id for character in roster}
    portrait: dict[str, int] = {}
    asked: list[int] = []
    for row, (face, role) in enumerate(zip(sources.faces.faces, sources.roles, strict=True)):
        identity = roster.resolve(face.identity)
        if identity not in listed:
            continue
        if role == "train":
            portrait.setdefault(identity, row)
        elif role in KINDS and reports(face.identity):
            asked.append(row)
    own = {str(roster.resolve(sources.faces.faces[row].identity)) for row in asked}
    own &= set(portrait)
    others = np.random.default_rng(size).permutation(sorted(set(portrait) - own))
    known = [*sorted(own), *others[: size - len(own)].tolist()]
    return [portrait[name] for name in known], asked


def by_softmax(enrolled: NDArray[np.float32], asked: NDArray[np.float32]) -> Grades:
    """Grades of the article's last layer, (asked, enrolled)."""
    # The loss is a mean over thousands of faces: its slope is below any usual tolerance at once.
    model = LogisticRegression(C=SOFTMAX_STRENGTH, max_iter=SOFTMAX_STEPS, tol=0.0)
    return model.fit(enrolled, np.arange(len(enrolled))).decision_function(asked)


def by_distance(enrolled: NDArray[np.float32], asked: NDArray[np.float32]) -> Grades:
    """Grades of Takayama's way: the nearer, the better; nothing where it saw no skin or hair."""
    seen = ~np.isnan(enrolled[:, 0])
    grades = np.full((len(asked), len(enrolled)), -np.inf)
    found = ~np.isnan(asked[:, 0])
    grades[np.ix_(found, seen)] = -euclidean_distances(asked[found], enrolled[seen])
    return grades


def tops(grades: Grades, truth: NDArray[np.intp]) -> tuple[Share, Share]:
    """How often the right row is first, and among the first five; a tie is no answer."""
    own = grades[np.arange(len(truth)), truth][:, None]
    better = (grades >= own).sum(axis=1) - 1
    better[~np.isfinite(own[:, 0])] = len(grades.T)
    return Share.of(better < 1), Share.of(better < 5)


def described(
    sources: Sources, rows: Sequence[int], describe: Callable[[Pixels], NDArray[np.float32] | None]
) -> NDArray[np.float32]:
    """What a method sees in each of these faces; rows of NaN where that is nothing."""
    found = [describe(sources.faces.picture(row)) for row in rows]
    nothing = np.full(next(len(one) for one in found if one is not None), np.nan, np.float32)
    return np.stack([nothing if one is None else one for one in found])


def compared(
    sources: Sources,
    size: int,
    frozen: FrozenInception,
    vectors: NDArray[np.float32],
    ours: Scoring,
) -> list[tuple[object, ...]]:
    """The rows of one size: a method, and its shares by kind."""
    rows, asked = chosen_faces(sources, size)
    roster = load_roster()
    faces = sources.faces.faces
    ids = [str(roster.resolve(faces[row].identity)) for row in rows]
    numbers = {name: number for number, name in enumerate(ids)}
    asked = [row for row in asked if roster.resolve(faces[row].identity) in numbers]
    truth = np.array([numbers[str(roster.resolve(faces[row].identity))] for row in asked], np.intp)
    known = {character.id: character for character in roster}
    gallery = Gallery.of_centroids([known[name] for name in ids], vectors[rows], [1] * len(ids))
    hand = Takayama()
    both = [*rows, *asked]
    by_hand = described(sources, both, hand.describe)
    by_article = frozen.describe_all([sources.faces.picture(row) for row in both])
    graded = {
        "Takayama's way": by_distance(by_hand[: len(rows)], by_hand[len(rows) :]),
        "the article's way": by_softmax(by_article[: len(rows)], by_article[len(rows) :]),
        "Moedex": scores(vectors[asked], gallery.with_likeness(), ours),
    }
    roles = np.array([sources.roles[row] for row in asked])
    found: list[tuple[object, ...]] = []
    for method, grades in graded.items():
        cells: list[str] = []
        for role in KINDS:
            chosen = roles == role
            first, five = tops(grades[chosen], truth[chosen])
            cells += [str(first), str(five)]
        found.append((f"{len(rows):,}", method, *cells))
    return found


def main(
    data: Annotated[Path, typer.Argument(help="The folder of labelled pictures.")],
    start: Annotated[Path, typer.Option(help="The npm package with the starting weights.")],
    cache: Cache = CACHE,
    docs: Docs = None,
) -> None:
    """Print and write the table."""
    sources = Sources.load(data, cache)
    ours = Namer.load().scoring
    vectors = sources.vectors(
        Embedder.load(HELD_OUT),
        [row for row, role in enumerate(sources.roles) if role != "dropped"],
        lambda _: None,
    )
    frozen = FrozenInception(start)
    rows = [row for size in SIZES for row in compared(sources, size, frozen, vectors, ours)]
    head = ["characters", "method"]
    head += [f"{kind}, top-{top}" for kind in KINDS.values() for top in (1, 5)]
    text = (
        f"`python -m benchmarks.rivals_breadth`; {machine()}; {today()}. Percent, with 95 % Wilson "
        f"intervals of faces.\n\n{table(head, rows)}"
    )
    publish(text, docs, "rivals")


if __name__ == "__main__":
    typer.run(main)
