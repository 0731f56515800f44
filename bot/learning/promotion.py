"""Measures a trained head and decides whether it may answer.

Three tests: a frozen holdout of the shipped data, the server's own held-back labels, and strangers
(characters taken out of the gallery for the test). Each compares the same faces named by two
versions, so the difference has a paired interval (bootstrap, 95 %).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from bot.learning.heads import train_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_gallery import Example
    from models.gallery.namer import Gallery, Namer
    from models.gallery.training_vectors import VectorSet
    from models.types import Vectors

DRAWS: Final = 2000
STRANGER_EVERY: Final = 8
HOLDOUT_EVERY: Final = 5
FEWEST_TO_CALIBRATE: Final = 40
"""Held-back labels from which on probabilities are fitted to the server's own."""


@dataclass(frozen=True, eq=False)
class Results:
    """What a version did on each face of the three tests: 1 for good, 0 for bad."""

    holdout: NDArray[np.float64]
    own: NDArray[np.float64]
    strangers: NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """Whether a version may answer, why, and what was measured (JSON)."""

    promote: bool
    reasons: tuple[str, ...]
    report: dict[str, Any]


class Bench:
    """The tests of one server, the same for every version that is compared."""

    def __init__(self, namer: Namer, data: VectorSet, held_back: Sequence[Example]) -> None:
        self._namer = namer
        held = [i for i, g in enumerate(data.groups) if _share(f"holdout {g}", HOLDOUT_EVERY)]
        outsiders = {c for c in set(data.labels) if _share(f"stranger {c}", STRANGER_EVERY)}
        names = {c.id for c in namer.gallery.characters}
        inside = [i for i in held if data.labels[i] in names]
        outside = [i for i in held if data.labels[i] in outsiders]
        self._outsiders = outsiders
        self._holdout = data.vectors[inside], [data.labels[i] for i in inside]
        self._strangers = data.vectors[outside]
        named = [e for e in held_back if not e.label.startswith("!")]
        # Half of them calibrates, so that the other half measures something it didn't see.
        self.to_calibrate = [e for e in named if _share(f"calibrate {e.group}", 2)]
        measured = [e for e in named if not _share(f"calibrate {e.group}", 2)]
        self._own = _stack(measured, namer.gallery), [e.label for e in measured]

    def run(self, gallery: Gallery) -> Results:
        """Name every test face by a gallery."""
        strangers = self.strangers_certainty(gallery)
        limit = self._namer.threshold_in(gallery)
        return Results(
            holdout=self._right(gallery, *self._holdout),
            own=self._right(gallery, *self._own),
            strangers=(strangers < limit).astype(np.float64),
        )

    def strangers_certainty(self, gallery: Gallery) -> NDArray[np.float64]:
        """Return how surely each stranger is named as somebody, 0 to 1."""
        keep = [i for i, c in enumerate(gallery.characters) if c.id not in self._outsiders]
        if not keep or not len(self._strangers):
            return np.empty(0)
        namings = self._namer.name(self._strangers, gallery.only(keep), 0.0, top=1)
        return np.array([naming.guesses[0].probability for naming in namings])

    def calibrated(self, gallery: Gallery, reference: Gallery) -> Gallery:
        """Return the gallery with its own probabilities and threshold.

        Slope and offset are fitted on held-back labels where there are enough. The threshold lets
        no more strangers through than `reference` does.
        """
        from sklearn.linear_model import LogisticRegression

        base = gallery.calibration or self._namer.calibration
        if len(self.to_calibrate) >= FEWEST_TO_CALIBRATE:
            ordered = replace(base, slope=1.0, offset=0.0)
            trial = replace(gallery, calibration=ordered)
            vectors = np.stack([e.vector for e in self.to_calibrate])
            namings = self._namer.name(vectors, trial, 0.0, top=1)
            sure = np.array([n.guesses[0].probability for n in namings]).clip(1e-6, 1 - 1e-6)
            raw = np.log(sure / (1 - sure))
            right = np.array(
                [
                    n.guesses[0].character.id == e.label
                    for n, e in zip(namings, self.to_calibrate, strict=True)
                ]
            )
            if right.any() and not right.all():
                # The shipped slope is the prior: a hundred labels must not turn it upside down.
                scale = LogisticRegression(C=1.0).fit(
                    (base.slope * raw + base.offset)[:, None], right
                )
                slope, offset = float(scale.coef_[0, 0]), float(scale.intercept_[0])
                if slope > 0:
                    base = replace(
                        base, slope=slope * base.slope, offset=slope * base.offset + offset
                    )
        gallery = replace(gallery, calibration=base, threshold=None)
        before = self.run(reference).strangers
        after = np.sort(self.strangers_certainty(gallery))
        if not len(after):
            return gallery
        allowed = round((1 - before.mean()) * len(after))
        limit = after[len(after) - allowed - 1] if allowed < len(after) else 0.0
        shipped = self._namer.threshold
        threshold = replace(
            shipped,
            least=float(np.nextafter(limit, 2.0)),
            characters=len(gallery.characters),
            a_doubling=shipped.a_doubling * base.slope / self._namer.calibration.slope,
        )
        return replace(gallery, threshold=threshold)

    def _right(
        self, gallery: Gallery, vectors: Vectors, truth: Sequence[str]
    ) -> NDArray[np.float64]:
        namings = self._namer.name(vectors, gallery, None, top=1)
        return np.array(
            [
                float(not n.unknown and n.guesses[0].character.id == t)
                for n, t in zip(namings, truth, strict=True)
            ]
        )


def paired_interval(
    new: NDArray[np.float64], old: NDArray[np.float64], seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean difference of paired results."""
    difference = new - old
    if not len(difference):
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(difference), (DRAWS, len(difference)))
    low, high = np.quantile(difference[picks].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def decide(candidate: Results, current: Results, first: Results) -> Decision:
    """Apply the rule of promotion, against the version that answers and against the first one.

    On the frozen holdout the point estimate must not be lower; on the server's own labels and on
    strangers the paired interval must not lie below zero.
    """
    reasons: list[str] = []
    report: dict[str, Any] = {}
    promote = True
    for name, other in (("current", current), ("first", first)):
        rows = report[name] = {}
        for test, label in (
            ("holdout", "shipped characters named rightly"),
            ("own", "own labels named rightly"),
            ("strangers", "strangers left unnamed"),
        ):
            new, old = getattr(candidate, test), getattr(other, test)
            if not len(new):
                reasons.append(f"{label}: nothing to measure yet")
                continue
            low, high = paired_interval(new, old)
            rows[test] = {
                "faces": len(new), "before": float(old.mean()), "after": float(new.mean()),
                "interval": [low, high],
            }  # fmt: skip
            good = new.mean() >= old.mean() if test == "holdout" else high >= 0.0
            promote = promote and bool(good)
            reasons.append(
                f"{label}: {100 * old.mean():.1f} % -> {100 * new.mean():.1f} % of {len(new)} "
                f"(difference {100 * low:+.1f} to {100 * high:+.1f}) against the {name} version"
                + ("" if good else ": worse")
            )
    report["promoted"] = promote
    report["reasons"] = list(dict.fromkeys(reasons))
    return Decision(promote, tuple(report["reasons"]), report)


# One thread for products of matrices: where the bot answers beside it, two wait for each other most
# of the time, and a training takes several times as long.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train_and_decide(
    namer: Namer,
    data: VectorSet,
    examples: Sequence[Example],
    roster: ServerRoster,
    current: Gallery,
    first: Gallery,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Gallery, Decision] | None:
    """Train a head on a server's examples, calibrate it, and measure it; None for no examples.

    `current` is the gallery that answers now, `first` the shipped one with what was taught.
    `progress` is told each step in words.
    """
    from bot.gallery.server_gallery import shown_by

    shipped = shown_by(namer.gallery, roster)
    fitting = [i for i, g in enumerate(data.groups) if not _share(f"holdout {g}", HOLDOUT_EVERY)]
    fit_data = replace(
        data,
        vectors=data.vectors[fitting],
        labels=tuple(data.labels[i] for i in fitting),
        groups=tuple(data.groups[i] for i in fitting),
    )
    trained_on = [e for e in examples if not e.held_back]
    progress(f"fitting on {len(trained_on)} labelled faces")
    head = train_head(shipped, fit_data, trained_on, roster, namer.parts)
    if head is None:
        return None
    progress("calibrating its probabilities")
    bench = Bench(namer, data, [e for e in examples if e.held_back])
    whole = bench.calibrated(shipped.extended(head), current)
    head = replace(head, calibration=whole.calibration, threshold=whole.threshold)
    progress("measuring it against what answers now")
    decision = decide(bench.run(whole), bench.run(current), bench.run(first))
    return head, decision


def _share(key: str, every: int) -> bool:
    return hashlib.sha256(key.encode()).digest()[0] % every == 0


def _stack(examples: Sequence[Example], gallery: Gallery) -> Vectors:
    if not examples:
        return np.empty((0, gallery.prototypes.shape[1]), np.float32)
    return np.stack([e.vector for e in examples])
