"""Trains one backbone to tell eleven thousand characters apart, for as long as there is time.

The start is a finished backbone whose averages of four blocks a linear discriminant projects. Then
additive-margin softmax over all identities, of which each step sees a sample (Partial FC, An et
al., 2022): those in the batch, the ones most like them, and others at random. Half of a batch are
pairs: two pictures of one identity, in different styles where there are such; a supervised
contrastive loss (Khosla et al., 2020) beside the softmax draws these together, against the faces of
the last batches (cross-batch memory, Wang et al., 2020). Hue-shifted copies are synthetic
identities.

The rate is constant and the weights that count are an exponential average, so that the run can be
stopped, resumed and used at any time; `cool_down` ends a copy of it at a falling rate.
"""

# TensorFlow's and Keras's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportFunctionMemberAccess=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.training.augmentation import Augmentation, hue_shifts, shifted_hues
from models.training.breadth.styles import Styles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.breadth.faces import FaceSet


@dataclass(frozen=True, slots=True)
class BreadthPlan:
    """The recipe. All of it may be changed where a run is resumed but `taps`, `dimensions`, `hues`.

    `side`: of the pictures. `singles`, `pairs`: of a batch; a pair is two pictures. `frozen`: the
    last block that keeps its start. `sampled`: classes that a step sees at least, `like`: of them
    those most like each class in the batch. `memory`: faces of former batches. `average`: of the
    weights, a step.
    """

    side: int = 112
    taps: tuple[str, ...] = ("mixed3", "mixed4", "mixed6", "mixed8")
    dimensions: int = 384
    hues: int = 2
    hue_share: float = 0.2
    singles: int = 64
    pairs: int = 32
    frozen: str = "mixed0"
    rate: float = 1e-4
    warm_up: int = 300
    decay: float = 0.02
    class_rate: float = 0.5
    sampled: int = 4096
    like: int = 40
    margin: float = 0.25
    scale: float = 28.0
    contrast: float = 0.3
    contrast_scale: float = 14.0
    memory: int = 2048
    average: float = 0.998
    save_minutes: float = 4.0
    seed: int = 0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(
            zoom=(0.6, 1.2), recolour=0.7, grey=0.07, blur=0.1, shrink=0.25, cover=0.25, noise=0.08
        )
    )
    styles: Styles = field(default_factory=Styles)


class PairBatches:
    """Batches of single pictures and of pairs, augmented; batch `i` depends on the seed and `i`.

    Returns pixels (n, side, side, 3) uint8, the pairs behind the single ones, and class numbers:
    a hue-shifted picture of class c is of class c + way * classes.
    """

    def __init__(
        self, faces: FaceSet, chosen: Sequence[int], labels: NDArray[np.int64], plan: BreadthPlan
    ) -> None:
        self._faces, self._plan = faces, plan
        self._chosen = np.array(chosen)
        self._labels = labels
        self.classes = int(labels.max()) + 1
        self._hue_shifts = hue_shifts(plan.hues)
        self._own: list[dict[str, list[int]]] = [{} for _ in range(self.classes)]
        for index, label in zip(self._chosen, labels, strict=True):
            source = faces.faces[index].source
            self._own[label].setdefault(source, []).append(int(index))
        counts = np.bincount(labels, minlength=self.classes)
        # many pictures of one class are drawn less often than as many of several
        weights = counts[labels] ** -0.1
        self._cumulative = np.cumsum(weights / weights.sum())
        self._several = np.flatnonzero(counts > 1)
        styles = np.array([len(own) for own in self._own])[self._several]
        likelier = np.where(styles > 1, 1.0, 0.4) * counts[self._several] ** 0.4
        self._pair_cumulative = np.cumsum(likelier / likelier.sum())

    def batch(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Draw batch `number`."""
        plan = self._plan
        rng = np.random.default_rng((plan.seed, number))
        points = (np.arange(plan.singles) + rng.random(plan.singles)) / plan.singles
        drawn = np.minimum(np.searchsorted(self._cumulative, points), len(self._chosen) - 1)
        rows = [(int(self._chosen[i]), int(self._labels[i]), 0) for i in drawn]
        rows = [(i, c, self._way(rng)) for i, c, _ in rows]
        points = (np.arange(plan.pairs) + rng.random(plan.pairs)) / plan.pairs
        drawn = np.minimum(np.searchsorted(self._pair_cumulative, points), len(self._several) - 1)
        for label in self._several[drawn]:
            way = self._way(rng)
            rows += [(i, int(label), way) for i in self._pair(int(label), rng)]
        pixels, labels = [], []
        for index, label, way in rows:
            picture, number_ = self._faces.picture(index), label
            if way and (turned := shifted_hues(picture, self._hue_shifts[way - 1])) is not None:
                picture, number_ = turned, label + way * self.classes
            framed = plan.augmentation(picture, plan.side, rng)
            other = pixels[-1] if pixels else framed
            pixels.append(plan.styles(framed, other, rng))
            labels.append(number_)
        return np.stack(pixels), np.array(labels)

    def _way(self, rng: np.random.Generator) -> int:
        if rng.random() >= self._plan.hue_share:
            return 0
        return int(rng.integers(1, self._plan.hues + 1))

    def _pair(self, label: int, rng: np.random.Generator) -> tuple[int, int]:
        """Two different pictures of a class, from different sources where it has several."""
        own = self._own[label]
        if len(own) > 1:
            one, other = rng.permutation(list(own))[:2]
            return int(rng.choice(own[one])), int(rng.choice(own[other]))
        members = next(iter(own.values()))
        one, other = rng.permutation(members)[:2]
        return int(one), int(other)


class ClassWeights:
    """The classifier weights of all classes, of which each step trains a few rows.

    By plain gradient descent: Adam would move rows that are never drawn by the noise of negatives.
    `rows`: (classes, dimensions) of unit length. `known`: (classes,), which have a weight yet.
    """

    def __init__(self, rows: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
        self.rows = rows
        self.known = known
        self._like: NDArray[np.int32] | None = None

    def sample(
        self, labels: NDArray[np.int64], plan: BreadthPlan, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """The classes of one step: those of the batch, those most like them, others at random."""
        own = np.unique(labels)
        near = self._like[own % len(self._like)].ravel() if self._like is not None else own
        chosen = np.unique(np.concatenate([own, near]))
        more = plan.sampled - len(chosen)
        if more > 0:
            candidates = np.flatnonzero(self.known)
            chosen = np.union1d(chosen, rng.choice(candidates, min(more, len(candidates)), False))
        return chosen.astype(np.int64)

    def find_like(self, classes: int, count: int) -> None:
        """Look up which of the first `classes` are most like each of them; itself is among them."""
        real = self.rows[:classes]
        found = [
            np.argpartition(-(real[i : i + 1024] @ real.T), count, axis=1)[:, :count]
            for i in range(0, classes, 1024)
        ]
        self._like = np.concatenate(found).astype(np.int32)

    def start(self, labels: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Give classes that are drawn for the first time the vector of their face."""
        for label, vector in zip(labels, vectors, strict=True):
            if not self.known[label]:
                self.rows[label] = vector
                self.known[label] = True

    def train(self, chosen: NDArray[np.int64], slope: NDArray[np.float32], rate: float) -> None:
        """Descend along the slopes of some rows, which stay of unit length."""
        rows = self.rows[chosen] - rate * slope
        self.rows[chosen] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
