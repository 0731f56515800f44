"""From vectors to names: galleries of characters, scores, calibrated probabilities, "unknown".

A face's score for a character is a weighted mean of two cosines: to the character's prototype (the
mean of its pictures' vectors) and to its learned class direction; to the prototype alone where none
was learned. Of those added later, one that is like many others (a hub) is scored lower.

The probability of the best guess is a logistic function of how high and how lonely its score is; it
answers "is this name right?" of a face that the gallery has, and is the number that the threshold
applies to, which is there for strangers and crops that are no face and rises with the gallery. All
this is fitted by `models/training/head.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors.numpy import save_file

from models.embedding.embedder import opened
from models.gallery.roster import load_roster, unlisted
from models.types import Character, Guess
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.types import Vectors

NAMING_FILE: Final = WEIGHTS / "naming.safetensors"

RIVALS: Final = 5
"""How many runners-up make the loneliness of the best score."""

NEIGHBOURS: Final = 5
"""How many of the likest characters say how much of a hub a prototype is."""

NO_FACE_LEAD: Final = 0.25
"""A crop is no face where its cosine to one of the rejects leads that to anybody by so much.

`benchmarks/accuracy.py` counts the faces that `no_face` loses, `benchmarks/detection.py` those of
whole pictures.
"""


@dataclass(frozen=True, slots=True)
class Naming:
    """What one face is called: guesses, best first, and whether the best is below the threshold."""

    guesses: tuple[Guess, ...]
    unknown: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """How scores are made.

    `direction`: how much of a score is the cosine to a learned direction, 0 to 1.

    `hubness`: how much of `Gallery.hubness` is taken off the scores of characters that were added
    later. A half is what CSLS takes (Conneau et al., "Word translation without parallel data",
    2018): a prototype that is like many others would sooner be taken for any stranger.
    """

    direction: float = 0.85
    hubness: float = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns scores into probabilities.

    `weights`: of the features best score, lead over the mean of the next five, and lead over "no
    face"; their sum orders faces by how sure the name is. `slope` and `offset` make that a
    probability. `temperature` spreads what is left over the other guesses.
    """

    weights: tuple[float, float, float] = (0.5, 0.45, 0.05)
    slope: float = 20.0
    offset: float = -8.0
    temperature: float = 0.06


@dataclass(frozen=True, slots=True)
class Threshold:
    """What the best probability must reach to be told as a name, else the face is "unknown".

    `least`, 0 to 1, is fitted in a gallery of `characters`. In a larger one a stranger has more to
    be taken for, so that more strangers would be named: the log odds that are asked for rise by
    `a_doubling` with every doubling of the characters. They don't fall in a smaller one.
    """

    least: float
    characters: int
    a_doubling: float

    @classmethod
    def read(cls, written: dict | float) -> Threshold:
        """Make it from its `asdict`, or from the number alone that former versions wrote.

        Raises TypeError and ValueError where it is neither.
        """
        if isinstance(written, dict):
            return cls(**written)
        return cls(float(written), 1, 0.0)

    def among(self, characters: int) -> float:
        """The least probability, 0 to 1, in a gallery of so many characters."""
        doublings = math.log2(max(characters / self.characters, 1))
        if not self.a_doubling * doublings or not 0 < self.least < 1:
            return self.least
        odds = math.log(self.least / (1 - self.least)) + self.a_doubling * doublings
        return 1 / (1 + math.exp(-odds))


@dataclass(frozen=True, eq=False)
class Gallery:
    """Characters that can be named, and what their faces look like.

    `prototypes` and `directions`: (characters, dimensions) float32, unit length; a row of zeros in
    `directions` says that none was learned. `counts`: pictures behind each prototype. `rejects`:
    (r, dimensions), what is no face. `added`: the indices, ascending, of characters that came after
    the calibration was fitted: those that the gallery was extended with. `unnamed`: (u,
    dimensions), learned directions of classes that are never names, the first of them that of no
    face; None where none was learned. `calibration` and `threshold` are those of a head that a
    server trained; None takes the namer's.
    """

    characters: tuple[Character, ...]
    prototypes: Vectors
    counts: NDArray[np.int32]
    directions: Vectors
    rejects: Vectors
    added: tuple[int, ...] = ()
    unnamed: Vectors | None = None
    calibration: Calibration | None = None
    threshold: Threshold | None = None

    @classmethod
    def of(cls, examples: Mapping[Character, Vectors]) -> Gallery:
        """Make a gallery from the vectors, (n, dimensions) with n >= 1, of each character.

        Raises ValueError where it is empty or a character has no vectors.
        """
        if not examples or any(len(vectors) == 0 for vectors in examples.values()):
            raise ValueError("a gallery needs characters, and each at least one vector")
        prototypes = unit(np.stack([vectors.mean(0) for vectors in examples.values()]))
        counts = [len(vectors) for vectors in examples.values()]
        return cls(
            characters=tuple(examples),
            prototypes=prototypes,
            counts=np.array(counts, np.int32),
            directions=np.zeros_like(prototypes),
            rejects=np.empty((0, prototypes.shape[1]), np.float32),
        )

    def extended(self, other: Gallery) -> Gallery:
        """Return this gallery with `other`'s characters; where both have one, they are merged.

        A merged character keeps its direction, and its prototype is the mean of both, weighted by
        pictures. Raises ValueError where the vectors' lengths differ.
        """
        if self.prototypes.shape[1] != other.prototypes.shape[1]:
            raise ValueError(
                f"vectors of {other.prototypes.shape[1]} dimensions don't fit a gallery of "
                f"{self.prototypes.shape[1]}; embed the pictures again with this model"
            )
        place = {character.id: index for index, character in enumerate(self.characters)}
        at = np.array([place.get(character.id, -1) for character in other.characters], np.int64)
        new = np.flatnonzero(at < 0)
        both = np.flatnonzero(at >= 0)
        prototypes = np.concatenate([self.prototypes, other.prototypes[new]])
        counts = np.concatenate([self.counts, other.counts[new]])
        mixed = self.counts[at[both], None] * self.prototypes[at[both]]
        prototypes[at[both]] = unit(
            (mixed + other.counts[both, None] * other.prototypes[both]).astype(np.float32)
        )
        counts[at[both]] += other.counts[both]
        return Gallery(
            characters=self.characters + tuple(other.characters[index] for index in new),
            prototypes=prototypes,
            counts=counts,
            directions=np.concatenate([self.directions, other.directions[new]]),
            rejects=np.concatenate([self.rejects, other.rejects]),
            added=(*self.added, *range(len(self.characters), len(self.characters) + len(new))),
            unnamed=self.unnamed,
            calibration=self.calibration,
            threshold=self.threshold,
        )

    def only(self, keep: Sequence[int]) -> Gallery:
        """Return the gallery with the characters at these indices alone, in this order."""
        return replace(
            self,
            characters=tuple(self.characters[index] for index in keep),
            prototypes=self.prototypes[list(keep)],
            counts=self.counts[list(keep)],
            directions=self.directions[list(keep)],
            added=tuple(np.flatnonzero(np.isin(keep, self.added)).tolist()),
        )

    @cached_property
    def hubness(self) -> NDArray[np.float32]:
        """How much each of `added` is more of a hub than the others are, (a,) float32, -2 to 2.

        The mean cosine of its prototype to the `NEIGHBOURS` likest of those that were not added,
        less what that is for these on average. Nought where these are no more than so many.
        """
        kept = np.delete(np.arange(len(self.characters)), self.added)
        if len(kept) <= NEIGHBOURS:
            return np.zeros(len(self.added), np.float32)
        cosines = self.prototypes[kept] @ self.prototypes.T
        cosines[np.arange(len(kept)), kept] = -1  # nobody is a neighbour of its own
        likeness = np.partition(cosines, -NEIGHBOURS, axis=0)[-NEIGHBOURS:].mean(0)
        return likeness[list(self.added)] - likeness[kept].mean()

    @cached_property
    def directed(self) -> NDArray[np.intp]:
        """The indices of the characters that have a learned direction."""
        return np.flatnonzero(np.any(self.directions != 0, axis=1))

    @cached_property
    def known_directions(self) -> Vectors:
        """The rows of `directions` that `directed` names."""
        return self.directions[self.directed]


def unit(vectors: NDArray[np.float32]) -> Vectors:
    """Scale each row to unit length; float32."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-9)).astype(np.float32)


def scores(vectors: Vectors, gallery: Gallery, parts: Parts) -> NDArray[np.float32]:
    """The score of each face for each character, (n, characters) float32, -1 to 1."""
    result = vectors @ gallery.prototypes.T
    directed = gallery.directed
    if len(directed) and parts.direction:
        by_direction = vectors @ gallery.known_directions.T
        result[:, directed] += parts.direction * (by_direction - result[:, directed])
    result[:, list(gallery.added)] -= parts.hubness * gallery.hubness
    return result.astype(np.float32, copy=False)


def features(score: NDArray[np.float32], vectors: Vectors, rejects: Vectors) -> NDArray[np.float64]:
    """What says how sure the best name is: (n, 3), see `Calibration.weights`."""
    count = min(RIVALS + 1, score.shape[1])
    top = np.partition(score, score.shape[1] - count, axis=1)[:, -count:]
    top = -np.sort(-top, axis=1).astype(np.float64)
    best = top[:, 0]
    rest = top[:, 1:].mean(1) if count > 1 else np.zeros(len(top))
    refused = (vectors @ rejects.T).max(1) if len(rejects) else np.zeros(len(top))
    return np.stack([best, best - rest, best - refused], axis=1)


def log_odds(feature: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """Of the best name being right where the gallery has the face, (n,)."""
    return calibration.slope * (feature @ np.array(calibration.weights)) + calibration.offset


def certainty(feature: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """The probability that the best name is right where the gallery has the face, (n,), 0 to 1."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-log_odds(feature, calibration)))


def no_face(vectors: Vectors, gallery: Gallery) -> NDArray[np.bool_]:
    """Which vectors are more like what is no face than like anybody, (n,) bool.

    Either one of the rejects leads every prototype clearly, or the learned class of what is no face
    is likest of all: of the classes of faces, named or not, and of characters without a class.
    """
    cosines = vectors @ gallery.prototypes.T
    likest = cosines.max(1, initial=-1)
    refused = (vectors @ gallery.rejects.T).max(1, initial=-1) > likest + NO_FACE_LEAD
    if gallery.unnamed is None:
        return refused
    classes = vectors @ np.concatenate([gallery.unnamed, gallery.known_directions]).T
    taught = np.delete(cosines, gallery.directed, axis=1)
    faces = np.concatenate([classes[:, 1:], taught], axis=1)
    return refused | (classes[:, 0] > faces.max(1, initial=-1))


class Namer:
    """Names faces by the shipped gallery, or by one that extends it.

    `threshold` is fitted so that 5 % of strangers are named. `version`: the first twelve digits of
    the SHA-256 of the weights file.
    """

    def __init__(
        self,
        gallery: Gallery,
        *,
        parts: Parts,
        calibration: Calibration,
        threshold: Threshold,
        version: str,
    ) -> None:
        self.gallery = gallery
        self.parts = parts
        self.calibration = calibration
        self.threshold = threshold
        self.version = version

    @classmethod
    def load(cls, path: Path | None = None, roster: Sequence[Character] | None = None) -> Namer:
        """Load the shipped weights, or those of `path`; characters are looked up in `roster`.

        A character that the roster lacks is called by its id. Raises WeightsError.
        """
        file = path or NAMING_FILE
        known = {character.id: character for character in roster or load_roster()}
        with opened(file, "the names'", "head") as weights:
            settings = json.loads(weights.metadata()["moedex"])
            held = {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
            gallery = Gallery(
                characters=tuple(
                    known.get(name) or unlisted(name) for name in settings["characters"]
                ),
                prototypes=unit(held["prototypes"].astype(np.float32)),
                counts=held["counts"],
                directions=unit(held["directions"].astype(np.float32)),
                rejects=unit(held["rejects"].astype(np.float32)),
                unnamed=unit(held["unnamed"].astype(np.float32)) if "unnamed" in held else None,
            )
            calibration = dict(settings["calibration"])
            calibration["weights"] = tuple(calibration["weights"])
            return cls(
                gallery,
                parts=Parts(**settings["parts"]),
                calibration=Calibration(**calibration),
                threshold=Threshold.read(settings["threshold"]),
                version=hashlib.sha256(file.read_bytes()).hexdigest()[:12],
            )

    def save(self, path: Path) -> None:
        """Write gallery and settings, vectors in half precision."""
        settings = {
            "characters": [character.id for character in self.gallery.characters],
            "parts": asdict(self.parts),
            "calibration": asdict(self.calibration),
            "threshold": asdict(self.threshold),
        }
        tensors = {
            "prototypes": self.gallery.prototypes.astype(np.float16),
            "directions": self.gallery.directions.astype(np.float16),
            "rejects": self.gallery.rejects.astype(np.float16),
            "counts": self.gallery.counts.astype(np.int32),
        }
        if self.gallery.unnamed is not None:
            tensors["unnamed"] = self.gallery.unnamed.astype(np.float16)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, {"moedex": json.dumps(settings)})

    def no_face(self, vectors: Vectors, gallery: Gallery | None = None) -> NDArray[np.bool_]:
        """Which vectors are more like what is no face than like anybody of `gallery`, (n,) bool."""
        return no_face(vectors, gallery or self.gallery)

    def threshold_in(self, gallery: Gallery) -> float:
        """The probability, 0 to 1, from which on a best guess by `gallery` is told as a name."""
        return (gallery.threshold or self.threshold).among(len(gallery.characters))

    def name(
        self,
        vectors: Vectors,
        gallery: Gallery | None = None,
        threshold: float | None = None,
        top: int = 5,
    ) -> list[Naming]:
        """Name each vector, (n, dimensions), by `gallery` (default: the shipped one).

        `threshold` (default: `threshold_in` the gallery), 0 to 1, is what the best probability
        must reach. Returns `top` guesses a face, fewer where the gallery is smaller.
        Raises ValueError for vectors of another model.
        """
        gallery = gallery or self.gallery
        calibration = gallery.calibration or self.calibration
        limit = self.threshold_in(gallery) if threshold is None else threshold
        if vectors.ndim != 2 or vectors.shape[1] != gallery.prototypes.shape[1]:
            raise ValueError(
                f"vectors must be (n, {gallery.prototypes.shape[1]}), not {vectors.shape}"
            )
        if len(vectors) == 0:
            return []
        score = scores(vectors, gallery, self.parts)
        best = certainty(features(score, vectors, gallery.rejects), calibration)
        count = min(top, score.shape[1])
        columns = np.argpartition(-score, count - 1, axis=1)[:, :count]
        namings: list[Naming] = []
        for row, first in enumerate(best.tolist()):
            order = columns[row][np.argsort(-score[row, columns[row]], kind="stable")]
            others = _left_over(score[row], order, first, calibration.temperature)
            guesses = tuple(
                Guess(gallery.characters[column], probability)
                for column, probability in zip(order.tolist(), [first, *others], strict=True)
            )
            namings.append(Naming(guesses, first < limit))
        return namings


def _left_over(
    score: NDArray[np.float32], order: NDArray[np.int64], first: float, temperature: float
) -> list[float]:
    """Spread 1 - `first` over the other characters by softmax; no share exceeds `first`."""
    shares = np.exp((score - score[order[0]]) / temperature)
    rest = max(float(shares.sum() - shares[order[0]]), 1e-9)
    return [min(first, (1 - first) * float(shares[column]) / rest) for column in order[1:]]
