"""Fits what a server's gallery asks of a name to impostors, so that the FPIR stays as stated.

Own characters and priors of who is posted there make best guesses surer, those of unknown faces
too. So every server's gallery is held against the faces of identities that no training saw. It may
ask for more certainty than the shipped one. For less only where even the upper end of the interval
of its FPIR stays under what is stated; and nothing is fitted on few impostors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.calibration import RUNNERS_UP, confidence_features, log_odds
from models.gallery.fitting import TARGET_FPIR, Trial, examine, refitted
from models.gallery.policy import NAMED, UNKNOWN_SHARE
from models.gallery.scoring import scores, with_prior
from models.intervals import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.gallery.examples import Example
    from models.gallery.fitted import Calibration
    from models.gallery.gallery import Gallery
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Namer
    from models.gallery.scoring import Scoring

FEWEST_TO_CALIBRATE: Final = 40
"""Held-out labels from which on probabilities are fitted to the server's own."""
STEPS: Final = 6
"""The share of the priors is found in steps of this power of a half."""
FEWEST_IMPOSTORS: Final = 400
"""Impostors below which nothing is fitted to them."""


def tuned(gallery: Gallery, namer: Namer, impostors: Impostors | None) -> Gallery:
    """Return a server's gallery with what it asks of a name fitted to `impostors`.

    The priors of who is posted count as much as the shipped threshold surely allows: so a server's
    own characters are named as soon as that is honest, and nobody else pays for it. Then the
    shipped threshold holds, or is raised. Without impostors enough the priors are left out: nobody
    could tell what they cost.
    """
    if impostors is None or len(impostors.vectors) < FEWEST_IMPOSTORS:
        return replace(gallery, posted=None)
    own = gallery.calibration
    calibration = own or namer.calibration
    shipped = namer.threshold.among(len(gallery.characters))
    asked = _in_odds_of(calibration, namer.calibration, shipped)
    # A name must be as probable as the policy asks for, too.
    said = max(asked, _log_odds(NAMED) - calibration.shift(UNKNOWN_SHARE))
    gallery, found = _with_priors(gallery, namer, impostors, calibration, said)
    if own is None:
        return replace(
            gallery, calibration=calibration.rescaled(1.0, min(0.0, said - limit(found)))
        )
    least = max(limit(found), min(asked, limit(found, surely=True)))
    return replace(gallery, threshold=namer.threshold.moved(least - shipped))


def _with_priors(
    gallery: Gallery, namer: Namer, impostors: Impostors, calibration: Calibration, asked: float
) -> tuple[Gallery, NDArray[np.float64]]:
    """Return a gallery with the largest share of its priors that surely keeps the stated FPIR.

    Beside it the log odds of each impostor's best guess, (n,), in that gallery.
    """
    shortlist = Shortlist.of(impostors, impostors.unknown_to(gallery), namer.scoring)

    def odds(share: float) -> NDArray[np.float64]:
        return log_odds(shortlist.features(share), calibration)

    share, found = 1.0, odds(1.0)
    if gallery.posted is not None and limit(found, surely=True) > asked:
        share, found = 0.0, odds(0.0)
        for step in 0.5 ** np.arange(1, STEPS + 1):
            more = odds(share + step)
            if limit(more, surely=True) <= asked:
                share, found = share + step, more
    posted = None if gallery.posted is None else np.float32(share) * gallery.posted
    return replace(gallery, posted=posted), found


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Whom impostors may be taken for, so that a share of the priors is tried in no time.

    `scores`, (n, k), are those without priors: of everybody whom a prior makes likelier, and of the
    best others. `posted` and `counts`, (n, k), are theirs; `size` is how many the gallery has.
    """

    scores: NDArray[np.float32]
    posted: NDArray[np.float32]
    counts: NDArray[np.int32]
    size: int

    @classmethod
    def of(cls, impostors: Impostors, gallery: Gallery, scoring: Scoring) -> Shortlist:
        """Score the impostors once, by a gallery that has not got them."""
        score = scores(impostors.vectors, replace(gallery, posted=None), scoring)
        size = score.shape[1]
        posted = np.zeros(size, np.float32) if gallery.posted is None else gallery.posted
        likelier = np.flatnonzero(posted)
        others = np.flatnonzero(posted == 0)
        best = max(len(others) - RUNNERS_UP - 1, 0)
        top = np.argpartition(score[:, others], best, axis=1)[:, best:] if len(others) else others
        columns = np.concatenate(
            [
                np.broadcast_to(likelier, (len(score), len(likelier))),
                np.broadcast_to(others[top], (len(score), top.shape[-1])),
            ],
            axis=1,
        )
        return cls(
            np.take_along_axis(score, columns, axis=1),
            posted[columns],
            gallery.counts[columns],
            size,
        )

    def features(self, share: float) -> NDArray[np.float64]:
        """Return the confidence features of the best guesses with a share of the priors, 0 to 1."""
        score = with_prior(self.scores, np.float32(share) * self.posted)
        return confidence_features(score, self.counts, self.size)


def limit(found: NDArray[np.float64], fpir: float = TARGET_FPIR, *, surely: bool = False) -> float:
    """Return the least log odds at which at most `fpir` (0 to 1) of the impostors are named.

    `found` are those of their best guesses, (n,) with n >= 1. `surely`: the upper end of the 95 %
    interval is below `fpir`; infinite where too few were asked about for that.
    """
    ordered = np.sort(found)[::-1]
    named = _most_named(len(ordered), fpir, surely=surely)
    # A little more than rounding can take away.
    return float(ordered[named]) + 1e-6 if named >= 0 else np.inf


@cache
def _most_named(asked: int, fpir: float, *, surely: bool) -> int:
    """Return how many of so many impostors may be named; -1 where not even none is sure enough."""
    named = int(np.floor(fpir * asked))
    while surely and named >= 0 and Share(named, asked).interval[1] >= fpir:
        named -= 1
    return named


def calibrated(
    gallery: Gallery, namer: Namer, examples: Sequence[Example], impostors: Impostors | None
) -> Gallery:
    """Return a gallery with probabilities fitted to a server's labels, where there are enough.

    The labelled faces are the known half of what is fitted to, the impostors the other.
    """
    own = [e for e in examples if e.character_id is not None]
    few = impostors is None or len(impostors.vectors) < FEWEST_IMPOSTORS
    if impostors is None or few or len(own) < FEWEST_TO_CALIBRATE:
        return gallery
    trial = Trial(
        np.concatenate([np.stack([e.vector for e in own]), impostors.vectors]),
        (*(e.character_id or "" for e in own), *("" for _ in impostors.vectors)),
    )
    examined = examine(trial, impostors.unknown_to(gallery), namer.scoring)
    return replace(gallery, calibration=refitted(namer.calibration, examined))


def _log_odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def _in_odds_of(calibration: Calibration, other: Calibration, odds: float) -> float:
    """Return which log odds of one calibration are as certain as those of another it came from."""
    weights, base = np.array(calibration.weights), np.array(other.weights)
    slope = float(weights @ base / (base @ base))
    return slope * (odds - other.offset) + calibration.offset
