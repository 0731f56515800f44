"""Fits calibration and threshold on faces with the truth, in galleries of many sizes.

Galleries are drawn from a large one: half of their characters, where there are so many, are some
that are asked about. Known faces and impostors count half and half, and so do the kinds of known
faces among themselves, whatever their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.gallery.calibration import confidence_features, log_odds
from models.gallery.fitted import Calibration, Threshold
from models.gallery.scoring import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.gallery.scoring import Scoring
    from models.types import Vectors

TARGET_FPIR: Final = 0.05
"""The stated false positive identification rate: the share of impostors that may be named."""

SMALLEST: Final = 12
"""Characters of the smallest gallery that is drawn."""
DRAWS: Final = 4
"""Galleries drawn of each size but the largest."""
NEAR_SIZES: Final = 4
"""The calibration is fitted in galleries down to the whole one's size divided by this."""
LEAST_SPREAD: Final = 1e-6
COLUMNS: Final = 9
"""Columns of the confidence features that are fitted: the best score and its margins, and what the
pictures enrolled and the size of the gallery do to them (`benchmarks.calibration_features`)."""
REGULARISATION: Final = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """Faces with the truth: what calibration and threshold are fitted on.

    `vectors`: (n, dimensions). `truth`: each face's character id, or "" where the gallery has not
    got it (an unknown identity, or a non-face). `kinds`: a name for each face that says which known
    ones are of a kind; empty where all are. `identities`: whom each face shows, enrolled or not;
    empty where nobody needs it.
    """

    vectors: Vectors
    truth: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    def only(self, rows: Sequence[int]) -> Trial:
        """Return the trial of some of the faces."""
        return Trial(
            self.vectors[list(rows)],
            tuple(self.truth[row] for row in rows),
            tuple(self.kinds[row] for row in rows if self.kinds),
            tuple(self.identities[row] for row in rows if self.identities),
        )


@dataclass(frozen=True, eq=False)
class Examined:
    """What a gallery made of a trial's faces, those left out whose character it has not got.

    `features`: (n, 9), `right`: whether the best guess is, `known`: who is enrolled, `weights`: how
    much each face counts, their sum is 1.
    """

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    weights: NDArray[np.float64]


def examine(trial: Trial, gallery: Gallery, scoring: Scoring) -> Examined:
    """Score the faces of a trial that the gallery has, and the impostors."""
    place = {character.id: index for index, character in enumerate(gallery.characters)}
    asked = [i for i, name in enumerate(trial.truth) if not name or name in place]
    truth = np.array([place.get(trial.truth[i], -1) for i in asked], np.int64)
    score = scores(trial.vectors[asked], gallery, scoring)
    known = truth >= 0
    kinds = [trial.kinds[i] if trial.kinds else "" for i in asked]
    return Examined(
        confidence_features(score, gallery.counts),
        known & (score.argmax(1) == truth),
        known,
        _weights(known, kinds),
    )


def _weights(known: NDArray[np.bool_], kinds: Sequence[str]) -> NDArray[np.float64]:
    """Half for the impostors, half for the known faces, of which each kind counts alike."""
    owned = zip(known.tolist(), kinds, strict=True)
    groups = np.array([kind if is_known else None for is_known, kind in owned], object)
    inside = {kind for kind in groups.tolist() if kind is not None}
    result = np.zeros(len(known))
    for kind in inside:
        own = groups == kind
        result[own] = 0.5 / len(inside) / own.sum()
    if (~known).any():
        result[~known] = 0.5 / (~known).sum()
    return result / max(result.sum(), 1e-12)


def sizes_of(gallery: Gallery) -> list[int]:
    """The sizes of the galleries to draw from one: halved again and again, the largest first."""
    sizes = [len(gallery.characters)]
    while sizes[-1] // 2 >= SMALLEST:
        sizes.append(sizes[-1] // 2)
    return sizes


def drawn(gallery: Gallery, trial: Trial, size: int, rng: np.random.Generator) -> Gallery:
    """Draw a gallery of `size` characters, half of them asked about where there are so many."""
    if size >= len(gallery.characters):
        return gallery
    asked = {name for name in trial.truth if name}
    inside = np.array([character.id in asked for character in gallery.characters])
    here = rng.permutation(np.flatnonzero(inside))
    others = rng.permutation(np.flatnonzero(~inside))
    some = max(min(size // 2, len(here)), size - len(others))
    return gallery.subset(np.sort(np.concatenate([here[:some], others[: size - some]])).tolist())


def fit(
    trial: Trial,
    gallery: Gallery,
    scoring: Scoring,
    fpir: float = TARGET_FPIR,
    *,
    seed: int = 0,
) -> tuple[Calibration, Threshold]:
    """Fit the calibration, and the threshold at which at most `fpir` (0 to 1) are named wrongly.

    A trial without known faces, or without impostors, fits no calibration: then it is the default,
    and the threshold lets every name through where there are no impostors.
    """
    whole = len(gallery.characters)

    def examined(size: int, draw: int) -> Examined:
        rng = np.random.default_rng((seed, size, draw))
        return examine(trial, drawn(gallery, trial, size, rng), scoring)

    parts = [
        (size, examined(size, draw))
        for size in sizes_of(gallery)
        for draw in range(DRAWS if size < whole else 1)
    ]
    # Most faces are named in the whole gallery: it counts as much as all draws of a size.
    near = [one for size, one in parts if size * NEAR_SIZES >= whole]
    calibration = fit_calibration([parts[0][1]] * (DRAWS - 1) + near)
    return calibration, fit_threshold(parts, calibration, fpir)


def fit_calibration(parts: Sequence[Examined], columns: int = COLUMNS) -> Calibration:
    """Fit the probability that the best guess is right on what galleries made of faces.

    `columns` is how many of the confidence features count, from the first on.
    """
    features = np.concatenate([one.features[:, :columns] for one in parts])
    right = np.concatenate([one.right for one in parts])
    known = np.concatenate([one.known for one in parts])
    weights = np.concatenate([one.weights for one in parts]) / len(parts)
    if right.all() or not right.any() or known.all():
        return Calibration()
    # scikit-learn is heavy, and serving fits nothing.
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(0), features.std(0)
    spread[spread < LEAST_SPREAD] = np.inf  # what is the same everywhere tells nothing
    model: Any = LogisticRegression(C=REGULARISATION, max_iter=2000)
    faces = len(right) / len(parts)
    model.fit((features - mean) / spread, right, sample_weight=weights * faces)
    slopes = model.coef_[0] / spread
    wrong = weights * ~right
    return Calibration(
        weights=tuple(float(slope) for slope in slopes),
        offset=float(model.intercept_[0] - slopes @ mean),
        mistaken=float(wrong[known].sum() / wrong.sum()),
    )


def log_loss(examined: Examined, calibration: Calibration) -> float:
    """The mean logarithm of what the calibration gave to what was so, negated: less is better."""
    odds = log_odds(examined.features, calibration)
    return float(examined.weights @ np.logaddexp(0, np.where(examined.right, -odds, odds)))


def fit_threshold(
    parts: Sequence[tuple[int, Examined]], calibration: Calibration, fpir: float = TARGET_FPIR
) -> Threshold:
    """Fit the threshold to the impostors of galleries of several sizes.

    The least log odds at which at most `fpir` of them are named, as a parabola of the logarithm of
    the size; a line where there are two sizes, a constant where there is one.
    """
    limits: dict[int, float] = {}
    for size in sorted({size for size, _ in parts}):
        odds = np.concatenate(
            [log_odds(one.features[~one.known], calibration) for own, one in parts if own == size]
        )
        if len(odds):
            limit = float(np.quantile(odds, 1 - fpir, method="higher"))
            limits[size] = float(np.nextafter(limit, np.inf))
    if not limits:
        return Threshold.rising(0.0, 1)
    sizes = np.array(list(limits))
    degree = min(len(sizes) - 1, 2)
    terms = np.polyfit(np.log2(sizes), list(limits.values()), degree)[::-1]
    constant, linear, square = (*terms.tolist(), 0.0, 0.0)[:3]
    return Threshold((constant, linear, square), int(sizes.min()), int(sizes.max()))


def refitted(calibration: Calibration, examined: Examined) -> Calibration:
    """Return the calibration with a slope and an offset fitted to further faces, or as it was.

    The slope's prior is the calibration as it is: a hundred faces must not turn it upside down.
    """
    if examined.right.all() or not examined.right.any():
        return calibration
    from sklearn.linear_model import LogisticRegression

    odds = log_odds(examined.features, calibration)[:, None]
    weights = examined.weights * len(odds)
    model: Any = LogisticRegression(C=1.0).fit(odds, examined.right, sample_weight=weights)
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        return calibration
    return replace(calibration.rescaled(slope, offset), mistaken=calibration.mistaken)
