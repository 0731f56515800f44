"""The ways of asking "who is it?" that every method is measured by, on vectors and labels alone.

A method is a name, a vector for each picture (rows of NaN where it found nothing to describe) and
the way it names: by the nearest mean of a character's vectors, or by a softmax fitted on them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from models.gallery.calibration import confidence, confidence_features
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.scoring import scores as gallery_scores
from models.intervals import Share
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Labels = NDArray[np.str_]


STRENGTHS = (10.0, 100.0, 1000.0)
"""How weakly a softmax is regularised (scikit-learn's C); by the data, where they suffice."""

FOLDS = 3


@dataclass(frozen=True)
class Method:
    """A way of naming: `vectors` (pictures, dimensions) float32, NaN where nothing was found."""

    name: str
    vectors: NDArray[np.float32]
    naming: Literal["nearest mean", "softmax"] | Namer


@dataclass(frozen=True)
class Answers:
    """Names for pictures, best first: `names` (n, k) and the score of the first, higher better.

    Where the method found nothing the score is minus infinity and the names are empty.
    """

    names: Labels
    scores: NDArray[np.float64]

    def right(self, truth: Labels, top: int = 1) -> Share:
        """Share of the pictures whose name is among the first `top`."""
        hits = (self.names[:, :top] == truth[:, None]).any(axis=1)
        return Share(int(hits.sum()), len(truth))

    def parted(self, sizes: Sequence[int]) -> list[Answers]:
        """Split into consecutive parts of `sizes` pictures."""
        ends = np.cumsum(sizes)[:-1]
        parts = zip(np.split(self.names, ends), np.split(self.scores, ends), strict=True)
        return [Answers(names, scores) for names, scores in parts]


def answers(
    method: Method, learn: NDArray[np.intp], labels: Labels, ask: NDArray[np.intp], top: int = 5
) -> Answers:
    """Learn from the pictures `learn` and name the pictures `ask`."""
    learn = learn[~np.isnan(method.vectors[learn, 0])]
    found = ~np.isnan(method.vectors[ask, 0])
    names = np.full((len(ask), top), "", dtype=labels.dtype)
    scores = np.full(len(ask), -np.inf)
    classes = np.unique(labels[learn])
    if len(classes) < 2 or not found.any():
        return Answers(names, scores)
    queries = method.vectors[ask[found]]
    if method.naming == "softmax":
        model = _softmax(method.vectors[learn], labels[learn])
        grades = model.predict_proba(queries)
        classes = model.classes_
    elif isinstance(method.naming, Namer):
        return _gallery_answers(method.naming, method.vectors, learn, labels, ask, top)
    else:
        means = np.stack([method.vectors[learn[labels[learn] == c]].mean(axis=0) for c in classes])
        grades = -np.linalg.norm(queries[:, None] - means[None], axis=-1)
    order = np.argsort(-grades, axis=1)[:, :top]
    names[found, : order.shape[1]] = classes[order]
    scores[found] = grades.max(axis=1)
    return Answers(names, scores)


def _softmax(vectors: NDArray[np.float32], labels: Labels) -> LogisticRegression:
    """Fit a softmax whose strength gives the likeliest labels on parts that it did not learn."""
    model = LogisticRegression(C=STRENGTHS[0], max_iter=300)
    if np.unique(labels, return_counts=True)[1].min() < FOLDS:
        return model.fit(vectors, labels)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(model, {"C": STRENGTHS}, scoring="neg_log_loss", cv=folds)
    return search.fit(vectors, labels).best_estimator_


def _gallery_answers(
    namer: Namer,
    vectors: NDArray[np.float32],
    learn: NDArray[np.intp],
    labels: Labels,
    ask: NDArray[np.intp],
    top: int,
) -> Answers:
    characters = np.unique(labels[learn])
    gallery = Gallery.of(
        {Character(str(c), str(c), ""): vectors[learn[labels[learn] == c]] for c in characters}
    )
    grades = gallery_scores(vectors[ask], gallery, namer.scoring)
    sure = confidence(confidence_features(grades, gallery.counts), namer.calibration)
    order = np.argsort(-grades, axis=1)[:, :top]
    names = np.full((len(ask), top), "", dtype=labels.dtype)
    names[:, : order.shape[1]] = characters[order]
    return Answers(names, sure)


def some_of_each(
    labels: Labels, pool: NDArray[np.intp], shots: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw `shots` pictures of every character that has as many in `pool`."""
    chosen: list[NDArray[np.intp]] = []
    for character in np.unique(labels[pool]):
        own = pool[labels[pool] == character]
        if len(own) >= shots:
            chosen.append(rng.permutation(own)[:shots])
    return np.concatenate(chosen) if chosen else np.empty(0, np.intp)


def few_shots(
    method: Method,
    labels: Labels,
    groups: NDArray[np.intp],
    pool: NDArray[np.intp],
    shots: int,
    draws: int = 20,
) -> Share:
    """Name characters never seen in training from `shots` pictures each, over `draws` draws.

    Pictures of the groups learned from are not asked about. The interval of the sum treats the
    draws as independent, so it is narrower than it should be; `n` is the number of questions.
    """
    rng = np.random.default_rng(0)
    total = Share(0, 0)
    for _ in range(draws):
        learn = some_of_each(labels, pool, shots, rng)
        ask = pool[~np.isin(groups[pool], groups[learn]) & np.isin(labels[pool], labels[learn])]
        total += answers(method, learn, labels, ask).right(labels[ask])
    return total


def tpir_at_fpir(known: Answers, truth: Labels, impostors: Answers, fpir: float) -> Share:
    """The TPIR (also DIR) where at most `fpir`, 0 to 1, of the impostors are named."""
    finite = np.sort(impostors.scores)[::-1]
    threshold = finite[int(np.floor(fpir * len(finite)))]
    hits = (known.names[:, 0] == truth) & (known.scores > threshold)
    return Share(int(hits.sum()), len(truth))


def by_character(labels: Labels, pool: NDArray[np.intp]) -> list[tuple[str, NDArray[np.intp]]]:
    """Return the characters of `pool` with their pictures, those with most first."""
    pictures: dict[str, list[int]] = defaultdict(list)
    for index in pool:
        pictures[str(labels[index])].append(int(index))
    ranked = sorted(pictures.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(name, np.array(own, np.intp)) for name, own in ranked]


def article_protocol(
    method: Method,
    labels: Labels,
    three: Sequence[str],
    learn_pool: NDArray[np.intp],
    ask_pool: NDArray[np.intp],
    threshold: float,
    draws: int = 10,
) -> list[int]:
    """Play the article's test: how many of ten pictures are answered rightly, for each draw.

    Of three characters 20 pictures each are learned from; asked are 7 pictures of them, which must
    be named with a score of at least `threshold`, and 3 of others, which must stay below it.
    """
    rng = np.random.default_rng(0)
    ours = np.isin(labels[ask_pool], three)
    points: list[int] = []
    for _ in range(draws):
        pool = learn_pool[np.isin(labels[learn_pool], three)]
        learn = some_of_each(labels, pool, 20, rng)
        if not len(learn):
            learn = pool
        known = rng.permutation(ask_pool[ours])[:7]
        others = rng.permutation(ask_pool[~ours])[:3]
        ask = np.concatenate([known, others])
        given = answers(method, learn, labels, ask)
        named = given.scores >= threshold
        right = np.where(
            np.isin(labels[ask], three), named & (given.names[:, 0] == labels[ask]), ~named
        )
        points.append(int(right.sum()))
    return points
