"""The measures of a large gallery, on the roles of `models.training.breadth.split`.

Plain functions from vectors to figures. A scorer is all that differs between methods: it enrols
vectors and returns the score of each query for each identity.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

from models.gallery.gallery import Gallery, unit
from models.gallery.scoring import Scoring
from models.gallery.scoring import scores as scores_of
from models.training.reserved import reports
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.breadth.faces import Face

    Vectors = NDArray[np.float32]
    Half = Literal["fit", "report"]

FPIRS: Final = (0.01, 0.05, 0.10)
SHOTS: Final = (1, 3, 5, 10, 20)
DRAWS: Final = 5
LEAST_QUERIES: Final = 3
"""A character is measured with pictures enrolled only where at least so many are left to ask."""


class Scorer(Protocol):
    """Scores queries for the identities of a gallery; fitted on nothing that measures."""

    def __call__(
        self,
        enrolled: Vectors,
        labels: NDArray[np.int64],
        queries: Vectors,
        log_appearances: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return (queries, identities); `labels` number the identities from 0 without a gap."""
        ...


def by_cosine(prior: float, hubness: float = 0.0) -> Scorer:
    """Scores by the cosine to centroids, with a prior and a correction for hubs."""

    def score(
        enrolled: Vectors,
        labels: NDArray[np.int64],
        queries: Vectors,
        log_appearances: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        gallery = mean_gallery(enrolled, labels, log_appearances)
        if hubness:
            gallery = gallery.with_likeness()
        return scores_of(queries, gallery, Scoring(prior=prior, hubness=hubness))

    return score


def mean_gallery(
    vectors: Vectors, labels: NDArray[np.int64], log_appearances: NDArray[np.float32]
) -> Gallery:
    """Enrol vectors; `labels` number the identities from 0 without a gap, and become their ids."""
    sums = np.zeros((len(log_appearances), vectors.shape[1]), np.float32)
    np.add.at(sums, labels, vectors)
    appearances = np.expm1(log_appearances.astype(np.float64)).round().astype(int).tolist()
    characters = [
        Character(str(number), str(number), "", appearances=drawn)
        for number, drawn in enumerate(appearances)
    ]
    return Gallery.of_centroids(characters, unit(sums), np.bincount(labels, minlength=len(sums)))


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with a 95 % bootstrap interval over identities; `count` queries of `identities`."""

    value: float
    low: float
    high: float
    count: int
    identities: int

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


def share(hits: NDArray[np.bool_], owners: Sequence[str], draws: int = 400) -> Figure:
    """The share of hits, identities drawn with replacement for the interval."""
    numbers = np.unique(np.array(owners, str), return_inverse=True)[1]
    totals = np.bincount(numbers).astype(float)
    sums = np.bincount(numbers, hits.astype(float))
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(totals), (draws, len(totals)))
    low, high = np.quantile(sums[drawn].sum(1) / totals[drawn].sum(1), [0.025, 0.975])
    return Figure(float(hits.mean()), float(low), float(high), len(hits), len(totals))


@dataclass(frozen=True, eq=False)
class Ground:
    """Who is enrolled from what, and what is asked.

    `identities`: of the gallery, in order. `enrolled`, `owners`: face numbers, and the identity of
    each as a number. `half`: the half of the identities that is asked, the one that reports or the
    one that methods are chosen on; None asks all but the reserved ones that methods are chosen on.
    """

    faces: Sequence[Face]
    roles: Sequence[str]
    identities: tuple[str, ...]
    enrolled: NDArray[np.int64]
    owners: NDArray[np.int64]
    log_appearances: NDArray[np.float32]
    half: Half | None = None

    @classmethod
    def of(
        cls,
        faces: Sequence[Face],
        roles: Sequence[str],
        appearances: dict[str, int],
        half: Half | None = None,
    ) -> Ground:
        """Enrol all that the role `train` has of the roster."""
        chosen = [
            i
            for i, (face, role) in enumerate(zip(faces, roles, strict=True))
            if role == "train" and face.identity in appearances
        ]
        identities = tuple(sorted({faces[i].identity for i in chosen}))
        number = {identity: n for n, identity in enumerate(identities)}
        owners = np.array([number[faces[i].identity] for i in chosen])
        logs = np.log1p([appearances[identity] for identity in identities]).astype(np.float32)
        return cls(faces, roles, identities, np.array(chosen), owners, logs, half)

    def role(self, role: str) -> list[int]:
        """The faces of a role that are asked."""
        half = self.half or ("report" if role == "reserved" else None)
        return [
            i
            for i, own in enumerate(self.roles)
            if own == role
            and (half is None or reports(self.faces[i].identity) == (half == "report"))
        ]

    def asked(self, role: str) -> tuple[list[int], NDArray[np.int64]]:
        """The faces of a role whose identities are enrolled, and these as numbers."""
        number = {identity: n for n, identity in enumerate(self.identities)}
        chosen = [i for i in self.role(role) if self.faces[i].identity in number]
        return chosen, np.array([number[self.faces[i].identity] for i in chosen], np.int64)


def embedded(roles: Sequence[str], vectors: Vectors) -> list[str]:
    """The roles, of which faces without a vector (a row of zeros) have none."""
    missing = set(np.flatnonzero(~np.any(vectors != 0, axis=1)).tolist())
    return ["dropped" if i in missing else role for i, role in enumerate(roles)]


def ranks(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many identities score higher than the right one, (n,)."""
    right = scores[np.arange(len(truth)), truth]
    return (scores > right[:, None]).sum(1)


def confidence(scores: NDArray[np.float32], rivals: int = 5, lead: float = 0.5) -> NDArray:
    """How sure the best guess is: its score, and its lead over the mean of the runners-up."""
    top = -np.sort(-np.partition(scores, -rivals - 1, axis=1)[:, -rivals - 1 :], axis=1)
    return (1 - lead) * top[:, 0] + lead * (top[:, 0] - top[:, 1:].mean(1))


def measure(ground: Ground, vectors: Vectors, scorer: Scorer) -> dict[str, Figure]:
    """All measures of a method."""
    enrolled, logs = vectors[ground.enrolled], ground.log_appearances
    figures: dict[str, Figure] = {}

    def scored(queries: Sequence[int]) -> NDArray[np.float32]:
        return scorer(enrolled, ground.owners, vectors[list(queries)], logs)

    impostor_scores = confidence(scored(ground.role("reserved")))
    for role, name in (
        ("second", "second pictures"),
        ("fan", "fan art from portraits"),
        ("known", "many pictures"),
    ):
        queries, truth = ground.asked(role)
        names = [ground.faces[i].identity for i in queries]
        scores = scored(queries)
        rank = ranks(scores, truth)
        figures[f"{name}, top-1"] = share(rank < 1, names)
        figures[f"{name}, top-5"] = share(rank < 5, names)
        sure = confidence(scores)
        for fpir in FPIRS:
            limit = np.quantile(impostor_scores, 1 - fpir, method="higher")
            hits = (rank < 1) & (sure > limit)
            figures[f"{name}, TPIR at FPIR {100 * fpir:.0f} %"] = share(hits, names)
        if role == "known":
            rank = _ranks_among(ground, role, scores, truth)
            figures[f"{name} among themselves, top-1"] = share(rank < 1, names)
            figures[f"{name} among themselves, top-5"] = share(rank < 5, names)
    figures |= few_shot(ground, vectors, scorer)
    return figures | unseen(ground, vectors, scorer)


def _ranks_among(
    ground: Ground, role: str, scores: NDArray[np.float32], truth: NDArray[np.int64]
) -> NDArray[np.int64]:
    """As `ranks`, in a gallery of the characters that a role asks about, in either half."""
    asked = {
        face.identity for face, own in zip(ground.faces, ground.roles, strict=True) if own == role
    }
    others = [n for n, identity in enumerate(ground.identities) if identity not in asked]
    among = scores.copy()
    among[:, others] = -np.inf
    return ranks(among, truth)


def few_shot(ground: Ground, vectors: Vectors, scorer: Scorer) -> dict[str, Figure]:
    """Fan art with some of it enrolled beside the portraits, among the whole gallery."""
    fan = ground.role("fan")
    names = sorted({ground.faces[i].identity for i in fan})
    identities = [*ground.identities, *(n for n in names if n not in ground.identities)]
    number = {identity: n for n, identity in enumerate(identities)}
    missing = np.zeros(len(identities) - len(ground.identities), np.float32)
    logs = np.concatenate([ground.log_appearances, missing + ground.log_appearances.mean()])
    figures: dict[str, Figure] = {}
    for shots in SHOTS:
        hits, owners = [], []
        for draw in range(DRAWS):
            rng = np.random.default_rng((shots, draw))
            shown, asked = _drawn(ground.faces, fan, shots, rng)
            if not asked:
                continue
            enrolled = np.concatenate([ground.enrolled, shown])
            labels = [*ground.owners, *(number[ground.faces[i].identity] for i in shown)]
            truth = np.array([number[ground.faces[i].identity] for i in asked])
            scores = scorer(vectors[enrolled], np.array(labels), vectors[asked], logs)
            hits.append(ranks(scores, truth) < 1)
            owners += [ground.faces[i].identity for i in asked]
        if owners:
            figures[f"fan art, {shots} enrolled, top-1"] = share(np.concatenate(hits), owners)
    return figures


def unseen(ground: Ground, vectors: Vectors, scorer: Scorer) -> dict[str, Figure]:
    """Characters never seen in any drawing, among themselves: 1-shot and 5-shot."""
    chosen = ground.role("reserved")
    figures: dict[str, Figure] = {}
    for shots in (1, 5):
        hits, owners, many = [], [], 0
        for draw in range(2 * DRAWS):
            rng = np.random.default_rng((shots, draw))
            shown, asked = _drawn(ground.faces, chosen, shots, rng, least=1)
            if not asked:
                continue
            names = sorted({ground.faces[i].identity for i in shown})
            number = {name: n for n, name in enumerate(names)}
            many = len(names)
            labels = np.array([number[ground.faces[i].identity] for i in shown])
            truth = np.array([number[ground.faces[i].identity] for i in asked])
            logs = np.zeros(len(names), np.float32)
            scores = scorer(vectors[shown], labels, vectors[asked], logs)
            hits.append(ranks(scores, truth) < 1)
            owners += [ground.faces[i].identity for i in asked]
        if owners:
            name = f"never seen, {shots}-shot among {many}"
            figures[name] = share(np.concatenate(hits), owners)
    return figures


def _drawn(
    faces: Sequence[Face],
    chosen: Sequence[int],
    shots: int,
    rng: np.random.Generator,
    least: int = LEAST_QUERIES,
) -> tuple[list[int], list[int]]:
    """Draw the faces that are enrolled, and those that are asked, of identities with enough."""
    own: dict[str, list[int]] = defaultdict(list)
    for index in chosen:
        own[faces[index].identity].append(index)
    shown: list[int] = []
    asked: list[int] = []
    for members in own.values():
        if len(members) >= shots + least:
            order = rng.permutation(members).tolist()
            shown += order[:shots]
            asked += order[shots:]
    return shown, asked
