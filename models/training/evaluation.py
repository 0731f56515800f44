"""How good the names are: accuracy with intervals, open-set figures, calibration, few-shot.

Plain functions from vectors and labels to figures; `moedex evaluate` and `benchmarks/accuracy.py`
share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.calibration import confidence, confidence_features
from models.gallery.gallery import Gallery
from models.gallery.scoring import Scoring, scores
from models.intervals import Share
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.gallery.fitted import Calibration
    from models.types import Vectors

FPIRS: Final = (0.01, 0.05, 0.10)
"""False positive identification rates at which the TPIR is measured."""

ECE_BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Judged:
    """What the namer made of faces: probability of the best name, and where the right one stood.

    `confidence`: (n,), 0 to 1. `rank`: (n,), 0 for the first guess; a large number where the
    gallery has not got the character.
    """

    confidence: NDArray[np.float64]
    rank: NDArray[np.int64]

    def top(self, count: int) -> Share:
        """How often the right name is among the first `count` guesses."""
        return Share(int((self.rank < count).sum()), len(self.rank))


def judge(
    vectors: Vectors,
    truth: Sequence[str],
    gallery: Gallery,
    scoring: Scoring,
    calibration: Calibration,
) -> Judged:
    """Name `vectors`, (n, dimensions), and compare with the ids in `truth`."""
    score = scores(vectors, gallery, scoring)
    place = {character.id: index for index, character in enumerate(gallery.characters)}
    rank = np.full(len(vectors), 10**6, np.int64)
    for row, name in enumerate(truth):
        if name in place:
            rank[row] = int((score[row] > score[row, place[name]]).sum())
    sure = confidence(confidence_features(score, gallery.counts), calibration)
    return Judged(sure, rank)


def tpir_at_fpir(known: Judged, impostors: Judged, fpir: float) -> tuple[Share, float]:
    """Return the TPIR where the FPIR is `fpir`, 0 to 1, and the threshold of that."""
    threshold = float(np.quantile(impostors.confidence, 1 - fpir, method="higher"))
    hits = int(((known.rank == 0) & (known.confidence > threshold)).sum())
    return Share(hits, len(known.rank)), threshold


def calibration_error(judged: Judged, bins: int = ECE_BINS) -> float:
    """Expected calibration error over `bins` bins of equally many faces, 0 to 1."""
    order = np.argsort(judged.confidence)
    right = (judged.rank == 0).astype(np.float64)
    return sum(
        len(part) / len(order) * abs(float(judged.confidence[part].mean() - right[part].mean()))
        for part in np.array_split(order, min(bins, len(order)))
    )


def few_shot(
    vectors: Vectors,
    labels: Sequence[str],
    shots: int,
    *,
    scoring: Scoring,
    groups: Sequence[int] | None = None,
    beside: Gallery | None = None,
    draws: int = 10,
    seed: int = 0,
) -> Share:
    """Learn each label from `shots` pictures and name the rest; the sum over `draws` draws.

    See `taught_in_turn`. `beside`: characters that are in the gallery too.
    """
    owned = np.array(labels)
    hits = total = 0
    for taught, tested in taught_in_turn(
        vectors, labels, shots, groups=groups, draws=draws, seed=seed
    ):
        gallery = taught if beside is None else beside.extended(taught)
        score = scores(vectors[tested], gallery, scoring)
        named = np.array([character.id for character in gallery.characters])[score.argmax(1)]
        hits += int((named == owned[tested]).sum())
        total += len(tested)
    return Share(hits, total)


def taught_in_turn(
    vectors: Vectors,
    labels: Sequence[str],
    shots: int,
    *,
    groups: Sequence[int] | None = None,
    draws: int = 10,
    seed: int = 0,
) -> Iterator[tuple[Gallery, list[int]]]:
    """Galleries of all labels from `shots` drawn pictures each, with the indices of the others.

    Labels with no more than `shots` pictures are only learned, and a near-duplicate (by `groups`)
    of a learned picture is not among the others.
    """
    rng = np.random.default_rng(seed)
    owned = np.array(labels)
    grouped = np.arange(len(owned)) if groups is None else np.array(groups)
    for _ in range(draws):
        learned: dict[Character, Vectors] = {}
        others: list[int] = []
        for label in sorted(set(labels)):
            members = rng.permutation(np.flatnonzero(owned == label))
            learned[Character(label, label, "")] = vectors[members[:shots]]
            taken = grouped[members[:shots]]
            others += [int(i) for i in members[shots:] if grouped[i] not in taken]
        yield Gallery.of(learned), others
