"""Names faces: from vectors to guesses with calibrated probabilities, and the tier of the best.

The threshold is a limit of the probability of the best guess below which it is not said as a name,
whatever the policy allows. It is there for unknown identities and crops that show no face, and
rises with the gallery.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors.numpy import save_file

from models.gallery.beside import CAUTION, priors_beside
from models.gallery.calibration import confidence_features, log_odds, logistic
from models.gallery.fitted import Calibration, Threshold
from models.gallery.former_names import with_present_names
from models.gallery.gallery import Gallery, unit
from models.gallery.gallery_file import gallery_of, tensors_of
from models.gallery.open_set import is_non_face
from models.gallery.policy import NamingPolicy
from models.gallery.scoring import Scoring, scores
from models.gallery.stack import Stack
from models.roster.roster import Roster, load_roster, unlisted
from models.types import Guess, Tier
from models.weight_files import WEIGHTS, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Character, Vectors

NAMING_FILE: Final = WEIGHTS / "naming.safetensors"


@dataclass(frozen=True, slots=True)
class Naming:
    """What one face is called: guesses, best first, and the tier of the best."""

    guesses: tuple[Guess, ...]
    tier: Tier


class Namer:
    """Names faces by the shipped gallery, or by one that extends it.

    `threshold` is fitted so that the FPIR is 5 %. `version`: the first twelve digits of the SHA-256
    of the weights file.
    """

    def __init__(
        self,
        gallery: Gallery,
        *,
        scoring: Scoring,
        calibration: Calibration,
        threshold: Threshold,
        version: str,
    ) -> None:
        self.gallery = gallery
        self.scoring = scoring
        self.calibration = calibration
        self.threshold = threshold
        self.version = version

    @classmethod
    def load(cls, path: Path | None = None, roster: Iterable[Character] | None = None) -> Namer:
        """Load the shipped weights, or those of `path`; characters are looked up in `roster`.

        A character that the roster lacks is called by its id. Raises WeightsError.
        """
        file = path or NAMING_FILE
        roster = load_roster() if roster is None else roster
        same = roster.same if isinstance(roster, Roster) else {}
        known = {character.id: character for character in roster}
        with opened(file, "the names'", "head") as weights:
            settings = with_present_names(json.loads(weights.metadata()["moedex"]))
            held = with_present_names(
                {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
            )
            characters = [
                known.get(kept) or unlisted(kept)
                for kept in (same.get(name, name) for name in settings["characters"])
            ]
            return cls(
                _one_a_character(gallery_of(characters, held)),
                scoring=Scoring(**with_present_names(settings["scoring"])),
                calibration=Calibration.read(settings["calibration"]),
                threshold=Threshold.read(settings["threshold"]),
                version=hashlib.sha256(file.read_bytes()).hexdigest()[:12],
            )

    def with_gallery(self, gallery: Gallery) -> Namer:
        """Return a namer, not saved yet, of another gallery with this one's settings."""
        return Namer(
            gallery,
            scoring=self.scoring,
            calibration=self.calibration,
            threshold=self.threshold,
            version="",
        )

    def save(self, path: Path) -> None:
        """Write gallery and settings, vectors in half precision."""
        settings = {
            "characters": [character.id for character in self.gallery.characters],
            "scoring": asdict(self.scoring),
            "calibration": asdict(self.calibration),
            "threshold": asdict(self.threshold),
        }
        tensors = tensors_of(self.gallery)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, {"moedex": json.dumps(settings)})

    def is_non_face(self, vectors: Vectors, gallery: Gallery | None = None) -> NDArray[np.bool_]:
        """Which vectors, (n, dimensions), are more like a non-face than like anybody, (n,) bool.

        `gallery` (default: the shipped one) says who there is.
        """
        return is_non_face(vectors, gallery or self.gallery)

    def threshold_in(self, gallery: Gallery) -> float:
        """The least log odds of a name by `gallery` at which the FPIR is kept.

        They are those of `Calibration`, where half of the faces show unknown identities.
        """
        return (gallery.threshold or self.threshold).among(len(gallery.characters))

    def name(
        self,
        vectors: Vectors,
        gallery: Gallery | None = None,
        policy: NamingPolicy | None = None,
        top: int = 5,
        frames: Sequence[int] | None = None,
    ) -> list[Naming]:
        """Name each vector, (n, dimensions), by `gallery` (default: the shipped one).

        `policy` (default: `NamingPolicy()`) says which number is stated and which tier that is;
        `threshold_in` the gallery may ask for more. Returns `top` guesses a face, fewer where the
        gallery is smaller. `frames`, (n,), says which faces are seen together: the sure ones speak
        for the series of the others; None: each is alone. Raises ValueError for vectors of another
        model.
        """
        gallery = gallery or self.gallery
        policy = policy or NamingPolicy()
        if vectors.ndim != 2 or vectors.shape[1] != gallery.dimensions:
            raise ValueError(f"vectors must be (n, {gallery.dimensions}), not {vectors.shape}")
        if len(vectors) == 0:
            return []
        alone = self._by_score(scores(vectors, gallery, self.scoring), gallery, policy, top)
        if frames is None:
            return alone
        sure = [n.guesses[0].character.series if n.tier is Tier.NAMED else "" for n in alone]
        beside = priors_beside(sure, frames, gallery.characters)
        if beside is None:
            return alone
        rows = np.flatnonzero(beside.any(axis=1))
        score = scores(vectors[rows], gallery, self.scoring, beside[rows])
        again = self._by_score(score, gallery, policy, top, caution=CAUTION)
        second = dict(zip(rows.tolist(), again, strict=True))
        return [second.get(row, naming) for row, naming in enumerate(alone)]

    def _by_score(
        self,
        score: NDArray[np.float32],
        gallery: Gallery,
        policy: NamingPolicy,
        top: int,
        caution: float = 0.0,
    ) -> list[Naming]:
        """Name faces by their scores, (n, characters); `caution` is taken off the log odds."""
        calibration = gallery.calibration or self.calibration
        odds = log_odds(confidence_features(score, gallery.counts), calibration) - caution
        shift = calibration.shift(policy.unknown_share)
        fpir_limit = float(logistic(np.array(self.threshold_in(gallery)) + shift))
        best = [policy.stated(sure, fpir_limit) for sure in logistic(odds + shift).tolist()]
        mistaken = _known_share(calibration, policy.unknown_share)
        count = min(top, score.shape[1])
        columns = np.argpartition(-score, count - 1, axis=1)[:, :count]
        namings: list[Naming] = []
        for row, first in enumerate(best):
            order = columns[row][np.argsort(-score[row, columns[row]], kind="stable")]
            left = (1 - first) * mistaken
            others = _left_over(score[row], order, first, left, calibration.temperature)
            guesses = tuple(
                Guess(gallery.characters[column], probability)
                for column, probability in zip(order.tolist(), [first, *others], strict=True)
            )
            namings.append(Naming(guesses, policy.tier(first)))
        return namings


def _known_share(calibration: Calibration, unknown_share: float) -> float:
    """The share of faces with a wrong best guess that show somebody of the gallery, 0 to 1."""
    known = (1 - unknown_share) * calibration.mistaken
    return known / max(known + unknown_share * (1 - calibration.mistaken), 1e-9)


def _left_over(
    score: NDArray[np.float32],
    order: NDArray[np.int64],
    first: float,
    left: float,
    temperature: float,
) -> list[float]:
    """Spread `left` over the other characters by softmax; no share exceeds `first`."""
    shares = np.exp((score - score[order[0]]) / temperature)
    rest = max(float(shares.sum() - shares[order[0]]), 1e-9)
    return [min(first, left * float(shares[column]) / rest) for column in order[1:]]


def _one_a_character(gallery: Gallery) -> Gallery:
    """Return a gallery in which rows of ids that the roster merged are one character."""
    rows: dict[str, list[int]] = {}
    for row, character in enumerate(gallery.characters):
        rows.setdefault(character.id, []).append(row)
    several = {own[0]: own for own in rows.values() if len(own) > 1}
    if not several:
        return gallery
    firsts = list(several)
    counts = gallery.counts.copy()
    counts[firsts] = [gallery.counts[own].sum() for own in several.values()]
    centroids = unit(
        np.stack([gallery.counts[own] @ gallery.stack.rows(own) for own in several.values()])
    )
    merged = replace(gallery, stack=gallery.stack.replaced(firsts, centroids), counts=counts)
    # Its classifier tells either apart from the very character that it is one with.
    merged = merged.without_class_weights(firsts)
    alone = merged.subset([own[0] for own in rows.values()])
    return replace(alone, stack=Stack.of(alone.centroids))


def named_ids(path: Path | None = None) -> frozenset[str]:
    """Return the ids of the characters that weights can name, without loading the vectors.

    Raises WeightsError.
    """
    with opened(path or NAMING_FILE, "the names'", "head") as weights:
        ids = json.loads(weights.metadata()["moedex"])["characters"]
    return frozenset(map(load_roster().resolve, ids))
