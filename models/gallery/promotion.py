"""Measures a server's trained head and decides whether it may answer.

Three tests: a frozen part of the shipped data, the server's own labels, and impostors: faces of
identities that no training saw. Each compares the same faces named by two versions, so the
difference has a paired interval (bootstrap, 95 %).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

from models.gallery.comparison import Comparison
from models.gallery.composition import server_gallery, shown_by
from models.gallery.examples import drawn
from models.gallery.fitting import TARGET_FPIR
from models.gallery.head import choose_strength, folds_of, train_head
from models.gallery.tuning import calibrated, tuned
from models.intervals import paired_interval
from models.types import Tier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.comparison import Comparisons, Test
    from models.gallery.examples import Example, Roster
    from models.gallery.gallery import Gallery
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Namer
    from models.gallery.posted import Seen
    from models.gallery.training_vectors import VectorSet
    from models.types import Vectors

FROZEN_EVERY: Final = 5
"""About every n-th group of the shipped data is measured and never fitted on."""
_TESTS: Final[dict[Test, str]] = {
    "own": "your characters named rightly",
    "shipped": "the shipped ones named rightly",
    "impostors": "unknown faces wrongly named",
}


@dataclass(frozen=True, eq=False)
class Results:
    """What a version did on each face of the three tests: 1 for a name, as asked for, 0 for none.

    Of `shipped` and `own` faces it is the right name, of `impostors` any.
    """

    shipped: NDArray[np.float64]
    own: NDArray[np.float64]
    impostors: NDArray[np.float64]

    @property
    def keeps_promise(self) -> bool:
        """Whether no more impostors are named than is stated; true where none was asked about."""
        return not len(self.impostors) or float(self.impostors.mean()) <= TARGET_FPIR


@dataclass(frozen=True)
class Decision:
    """Whether a version may answer, why, and what was measured.

    `summary` says of each test what came of it, before and after, in a sentence for people;
    `reasons` says more. `current` compares it with the version that answers, `first` with the one
    before any training.
    """

    promote: bool
    summary: tuple[str, ...]
    reasons: tuple[str, ...]
    current: Comparisons
    first: Comparisons


class Bench:
    """The tests of one server, the same for every version that is compared."""

    def __init__(
        self,
        namer: Namer,
        data: VectorSet,
        held_out: Sequence[Example],
        impostors: Impostors | None,
    ) -> None:
        self._namer = namer
        names = {c.id for c in namer.gallery.characters}
        inside = [i for i, g in enumerate(data.groups) if _is_frozen(g) and data.labels[i] in names]
        self._shipped = data.vectors[inside], [data.labels[i] for i in inside]
        self._impostors = impostors
        named = [e for e in held_out if e.character_id is not None]
        # Half of them calibrates, so that the other half measures something it didn't see.
        self.to_calibrate = [e for e in named if drawn(f"calibrate {e.group}", 2)]
        self.measured = [e for e in named if not drawn(f"calibrate {e.group}", 2)]

    def run(self, gallery: Gallery) -> Results:
        """Name every test face by a gallery, the impostors by one that has not got them."""
        named = np.empty(0)
        if self._impostors is not None:
            inside = self._impostors.unknown_to(gallery)
            namings = self._namer.name(self._impostors.vectors, inside, top=1)
            named = np.array([float(n.tier is Tier.NAMED) for n in namings])
        return Results(
            shipped=self._right(gallery, *self._shipped),
            own=self.right(gallery, self.measured),
            impostors=named,
        )

    def tuned(self, gallery: Gallery) -> Gallery:
        """Return a gallery with its probabilities and threshold, as far as they may be fitted."""
        own = calibrated(gallery, self._namer, self.to_calibrate, self._impostors)
        return tuned(own, self._namer, self._impostors)

    def right(self, gallery: Gallery, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Say of each example whether a gallery gives it its name, (n,) 1 or 0."""
        if not examples:
            return np.empty(0)
        vectors = np.stack([e.vector for e in examples])
        return self._right(gallery, vectors, [e.character_id for e in examples])

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


def decide(
    candidate: Results, current: Results, first: Results, *, labels_lost: int = 0
) -> Decision:
    """Apply the rule of promotion, against the version that answers and against the first one.

    On the frozen shipped data the point estimate must not be lower; on the server's own labels the
    paired interval must not lie below zero, nor above it on impostors. A version that names more
    impostors than is stated is no measure for names: against it only the impostors count.

    `labels_lost`: so many labelled faces fewer were learned from than the version that answers
    learned from, as where labels became disputed. Then it must be shown to name the server's own no
    worse: where nothing measures that, what answers stays.
    """
    reasons: list[str] = []
    measured: dict[str, dict[Test, Comparison]] = {"current": {}, "first": {}}
    promote = candidate.keeps_promise or len(candidate.impostors) == 0
    if not promote:
        reasons.append(f"more than {100 * TARGET_FPIR:.0f} % of unknown faces are named: worse")
    for name, other in (("current", current), ("first", first)):
        for test, label in _TESTS.items():
            new, old = getattr(candidate, test), getattr(other, test)
            if not len(new) or len(new) != len(old):
                reasons.append(f"{label}: nothing to measure yet")
                continue
            low, high = paired_interval(new, old)
            measured[name][test] = Comparison(
                len(new), float(old.mean()), float(new.mean()), (float(low), float(high))
            )
            if test == "impostors":
                good = low <= 0.0
            elif not other.keeps_promise:
                good = True
            else:
                strict = test == "shipped" or (name == "current" and labels_lost > 0)
                good = new.mean() >= old.mean() if strict else high >= 0.0
            promote = promote and bool(good)
            reasons.append(
                f"{label}: {_change(measured[name][test])} (difference {100 * low:+.1f} to "
                f"{100 * high:+.1f}) against the {name} version" + ("" if good else ": worse")
            )
    if labels_lost > 0 and "own" not in measured["current"]:
        promote = False
        reasons.append(
            f"{labels_lost} labelled faces fewer than what answers learned from, and too few "
            "pictures to tell that it is no worse"
        )
    said = {**measured["first"], **measured["current"]}
    summary = tuple(
        f"{label[0].upper()}{label[1:]}: "
        + (f"{_change(said[test])}." if test in said else "too few pictures to tell yet.")
        for test, label in _TESTS.items()
    )
    return Decision(promote, summary, tuple(dict.fromkeys(reasons)), **measured)


def _change(found: Comparison) -> str:
    return f"{100 * found.before:.1f} % before, {100 * found.after:.1f} % after, of {found.faces}"


# One thread for products of matrices: where the bot answers beside it, two wait for each other most
# of the time, and a training takes several times as long.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train_and_decide(
    namer: Namer,
    data: VectorSet,
    examples: Sequence[Example],
    roster: Roster,
    impostors: Impostors | None,
    current: Gallery,
    first: Gallery,
    *,
    seen: Sequence[Seen] = (),
    learned_from: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Gallery, Decision] | None:
    """Train a head on a server's examples, calibrate it, and measure it; None for no examples.

    `impostors` are those to fit on. `current` is the gallery that answers now, `first` the shipped
    one with what was taught and labelled; both without the examples that are held out. `seen` says
    who was posted there, `learned_from` how many examples the version that answers now learned
    from. `progress` gets each step in words.
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
    strength = choose_strength(shipped, fit_data, trained_on, roster, namer.scoring)
    head = train_head(shipped, fit_data, trained_on, roster, strength)
    if head is None:
        return None
    progress("calibrating its probabilities")
    bench = Bench(namer, data, [e for e in examples if e.held_out], impostors)
    whole = bench.tuned(server_gallery(namer.gallery, roster, trained_on, (), head, seen))
    if whole.threshold is not None:  # else the shipped ones are tuned wherever it answers
        head = replace(head, calibration=whole.calibration, threshold=whole.threshold)
    progress("measuring it against what answers now")
    others = [tuned(gallery, namer, impostors) for gallery in (current, first)]
    found = [bench.run(gallery) for gallery in (whole, *others)]
    if not bench.measured:
        own = _by_leaving_out(
            bench, namer, fit_data, trained_on, roster, strength, (whole, others[1])
        )
        found[0], found[2] = replace(found[0], own=own[0]), replace(found[2], own=own[1])
        if current is first:
            found[1] = found[2]
    return head, decide(*found, labels_lost=learned_from - len(examples))


def _by_leaving_out(
    bench: Bench,
    namer: Namer,
    data: VectorSet,
    examples: Sequence[Example],
    roster: Roster,
    strength: float,
    tuned_as: tuple[Gallery, Gallery],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Name each labelled face by what was made without it: by a trained head, and without training.

    For a server with too few labels to hold any out. The lone picture of a character is not asked
    about, nor is what another server shared. What is asked of a name is taken from `tuned_as`.
    """
    shipped = shown_by(namer.gallery, roster)
    results: list[list[NDArray[np.float64]]] = [[], []]
    for left_out, rest in folds_of(examples):
        asked = [e for e in left_out if not e.shared]
        head = train_head(shipped, data, rest, roster, strength)
        if not asked or head is None:
            continue
        for number, (part, like) in enumerate(zip((head, None), tuned_as, strict=True)):
            made = server_gallery(namer.gallery, roster, rest, (), part)
            made = replace(made, calibration=like.calibration, threshold=like.threshold)
            results[number].append(bench.right(made, asked))
    if not results[0]:
        return np.empty(0), np.empty(0)
    return np.concatenate(results[0]), np.concatenate(results[1])


def _is_frozen(group: int) -> bool:
    return drawn(f"holdout {group}", FROZEN_EVERY)
