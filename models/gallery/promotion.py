"""Measures a server's trained head and decides whether it may answer.

Three tests: a frozen part of the shipped data, the server's own held-out labels, and impostors
(characters taken out of the gallery for the test). Each compares the same faces named by two
versions, so the difference has a paired interval (bootstrap, 95 %).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

from models.gallery.calibration import log_odds
from models.gallery.comparison import Comparison
from models.gallery.composition import shown_by
from models.gallery.examples import drawn
from models.gallery.fitting import Trial, examine, refitted
from models.gallery.head import train_head
from models.intervals import paired_interval
from models.types import Tier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.comparison import Comparisons, Test
    from models.gallery.examples import Example, Roster
    from models.gallery.fitted import Calibration
    from models.gallery.gallery import Gallery
    from models.gallery.namer import Namer
    from models.gallery.training_vectors import VectorSet
    from models.types import Vectors

IMPOSTOR_EVERY: Final = 8
"""About every n-th shipped character is an impostor."""
FROZEN_EVERY: Final = 5
"""About every n-th group of the shipped data is measured and never fitted on."""
_LEAST_ODDS: Final = -20.0
"""Log odds that every best guess has: a threshold that lets every name through."""
FEWEST_TO_CALIBRATE: Final = 40
"""Held-out labels from which on probabilities are fitted to the server's own."""
_TESTS: Final[dict[Test, str]] = {
    "shipped": "shipped characters named rightly",
    "own": "own labels named rightly",
    "impostors": "impostors left unnamed",
}


@dataclass(frozen=True, eq=False)
class Results:
    """What a version did on each face of the three tests: 1 for good, 0 for bad."""

    shipped: NDArray[np.float64]
    own: NDArray[np.float64]
    impostors: NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """Whether a version may answer, why, and what was measured.

    `current` compares it with the version that answers, `first` with the one before any training.
    """

    promote: bool
    reasons: tuple[str, ...]
    current: Comparisons
    first: Comparisons


class Bench:
    """The tests of one server, the same for every version that is compared."""

    def __init__(self, namer: Namer, data: VectorSet, held_out: Sequence[Example]) -> None:
        self._namer = namer
        frozen = [i for i, g in enumerate(data.groups) if _is_frozen(g)]
        outsiders = {c for c in set(data.labels) if drawn(f"stranger {c}", IMPOSTOR_EVERY)}
        names = {c.id for c in namer.gallery.characters}
        inside = [i for i in frozen if data.labels[i] in names]
        outside = [i for i in frozen if data.labels[i] in outsiders]
        self._outsiders = outsiders
        self._shipped = data.vectors[inside], [data.labels[i] for i in inside]
        self._impostors = data.vectors[outside]
        named = [e for e in held_out if e.character_id is not None]
        # Half of them calibrates, so that the other half measures something it didn't see.
        self.to_calibrate = [e for e in named if drawn(f"calibrate {e.group}", 2)]
        measured = [e for e in named if not drawn(f"calibrate {e.group}", 2)]
        self._own = _stack(measured, namer.gallery), [e.character_id for e in measured]

    def run(self, gallery: Gallery) -> Results:
        """Name every test face by a gallery."""
        impostors = self.odds_of_impostors(gallery)
        limit = self._namer.threshold_in(gallery)
        return Results(
            shipped=self._right(gallery, *self._shipped),
            own=self._right(gallery, *self._own),
            impostors=(impostors < limit).astype(np.float64),
        )

    def odds_of_impostors(self, gallery: Gallery) -> NDArray[np.float64]:
        """Return the log odds of each impostor's best guess, in a gallery without them, (n,)."""
        inside = self._without_impostors(gallery)
        if not len(self._impostors) or not inside.characters:
            return np.empty(0)
        examined = examine(self._as_trial(), inside, self._namer.scoring)
        return log_odds(examined.features, gallery.calibration or self._namer.calibration)

    def calibrated(self, gallery: Gallery, reference: Gallery) -> Gallery:
        """Return the gallery with its own probabilities and threshold.

        Slope and offset are fitted on held-out labels where there are enough. The threshold lets no
        more impostors through than `reference` does.
        """
        calibration = self._fitted_to_own(gallery)
        gallery = replace(gallery, calibration=calibration, threshold=None)
        before = self.run(reference).impostors
        after = np.sort(self.odds_of_impostors(gallery))
        if not len(after):
            return gallery
        allowed = round((1 - before.mean()) * len(after))
        limit = after[len(after) - allowed - 1] if allowed < len(after) else -np.inf
        shipped = self._namer.threshold
        size = len(gallery.characters)
        more = float(np.nextafter(max(limit, _LEAST_ODDS), np.inf)) - shipped.among(size)
        return replace(gallery, threshold=shipped.moved(more))

    def _fitted_to_own(self, gallery: Gallery) -> Calibration:
        """Return the gallery's calibration, fitted to the server's labels if there are enough.

        The labelled faces are the known half of what it is fitted to, the impostors the other.
        """
        base = gallery.calibration or self._namer.calibration
        if len(self.to_calibrate) < FEWEST_TO_CALIBRATE:
            return base
        own = [e for e in self.to_calibrate if e.character_id is not None]
        trial = Trial(
            np.concatenate([np.stack([e.vector for e in own]), self._impostors]),
            (*(e.character_id or "" for e in own), *("" for _ in self._impostors)),
        )
        inside = self._without_impostors(gallery)
        return refitted(base, examine(trial, inside, self._namer.scoring))

    def _without_impostors(self, gallery: Gallery) -> Gallery:
        return gallery.without(frozenset(self._outsiders))

    def _as_trial(self) -> Trial:
        return Trial(self._impostors, ("",) * len(self._impostors))

    def _right(
        self, gallery: Gallery, vectors: Vectors, truth: Sequence[str | None]
    ) -> NDArray[np.float64]:
        namings = self._namer.name(vectors, gallery, top=1)
        return np.array(
            [
                float(n.tier is Tier.NAMED and n.guesses[0].character.id == t)
                for n, t in zip(namings, truth, strict=True)
            ]
        )


def decide(candidate: Results, current: Results, first: Results) -> Decision:
    """Apply the rule of promotion, against the version that answers and against the first one.

    On the frozen shipped data the point estimate must not be lower; on the server's own labels and
    on impostors the paired interval must not lie below zero.
    """
    reasons: list[str] = []
    measured: dict[str, dict[Test, Comparison]] = {"current": {}, "first": {}}
    promote = True
    for name, other in (("current", current), ("first", first)):
        for test, label in _TESTS.items():
            new, old = getattr(candidate, test), getattr(other, test)
            if not len(new):
                reasons.append(f"{label}: nothing to measure yet")
                continue
            low, high = paired_interval(new, old)
            measured[name][test] = Comparison(
                len(new), float(old.mean()), float(new.mean()), (float(low), float(high))
            )
            good = new.mean() >= old.mean() if test == "shipped" else high >= 0.0
            promote = promote and bool(good)
            reasons.append(
                f"{label}: {100 * old.mean():.1f} % -> {100 * new.mean():.1f} % of {len(new)} "
                f"(difference {100 * low:+.1f} to {100 * high:+.1f}) against the {name} version"
                + ("" if good else ": worse")
            )
    return Decision(promote, tuple(dict.fromkeys(reasons)), **measured)


# One thread for products of matrices: where the bot answers beside it, two wait for each other most
# of the time, and a training takes several times as long.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train_and_decide(
    namer: Namer,
    data: VectorSet,
    examples: Sequence[Example],
    roster: Roster,
    current: Gallery,
    first: Gallery,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Gallery, Decision] | None:
    """Train a head on a server's examples, calibrate it, and measure it; None for no examples.

    `current` is the gallery that answers now, `first` the shipped one with what was taught and
    labelled; both without the examples that are held out. `progress` gets each step in words.
    """
    shipped = shown_by(namer.gallery, roster)
    fitting = [i for i, g in enumerate(data.groups) if not _is_frozen(g)]
    fit_data = replace(
        data,
        vectors=data.vectors[fitting],
        labels=tuple(data.labels[i] for i in fitting),
        groups=tuple(data.groups[i] for i in fitting),
    )
    trained_on = [e for e in examples if not e.held_out]
    progress(f"fitting on {len(trained_on)} labelled faces")
    head = train_head(shipped, fit_data, trained_on, roster, namer.scoring)
    if head is None:
        return None
    progress("calibrating its probabilities")
    bench = Bench(namer, data, [e for e in examples if e.held_out])
    whole = bench.calibrated(shipped.extended(head), current)
    head = replace(head, calibration=whole.calibration, threshold=whole.threshold)
    progress("measuring it against what answers now")
    decision = decide(bench.run(whole), bench.run(current), bench.run(first))
    return head, decision


def _is_frozen(group: int) -> bool:
    return drawn(f"holdout {group}", FROZEN_EVERY)


def _stack(examples: Sequence[Example], gallery: Gallery) -> Vectors:
    if not examples:
        return np.empty((0, gallery.dimensions), np.float32)
    return np.stack([e.vector for e in examples])
