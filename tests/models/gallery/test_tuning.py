"""What a server's gallery asks of a name, fitted to impostors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.gallery.calibration import confidence_features, log_odds
from models.gallery.composition import server_gallery
from models.gallery.examples import Example
from models.gallery.fitted import Threshold
from models.gallery.gallery import Gallery
from models.gallery.impostors import Impostors
from models.gallery.namer import Namer
from models.gallery.policy import NamingPolicy
from models.gallery.scoring import scores
from models.gallery.tuning import (
    FEWEST_IMPOSTORS,
    FEWEST_TO_CALIBRATE,
    Shortlist,
    calibrated,
    limit,
    tuned,
)
from models.intervals import Share
from models.types import Tier
from tests.models.gallery.world import IMPOSTORS, SHIPPED, People, faces


def asking(namer: Namer, odds: float) -> Namer:
    """Return the namer with a threshold, the same in galleries of every size."""
    return Namer(
        namer.gallery,
        scoring=namer.scoring,
        calibration=namer.calibration,
        threshold=Threshold((odds, 0.0, 0.0), 1, 1),
        version="",
    )


def taught(namer: Namer, spread: float = 0.08) -> Gallery:
    """Return the gallery of a server that taught two characters."""
    examples = [
        Example(vector, key, True, n + 1, -n - 1)
        for place, key in ((20, "aoi"), (21, "yuu"))
        for n, vector in enumerate(faces(place, 3, 1, spread))
    ]
    return server_gallery(namer.gallery, People.of("aoi", "yuu"), examples)


def fpir(namer: Namer, gallery: Gallery) -> float:
    """Return the share of the impostors that get a name."""
    named = namer.name(IMPOSTORS.vectors, gallery, top=1)
    return float(np.mean([n.tier is Tier.NAMED for n in named]))


def test_the_limit_lets_no_more_through_than_is_stated() -> None:
    found = np.random.default_rng(0).normal(size=1000)
    least = limit(found)
    assert (found >= least).sum() == 50
    surely = limit(found, surely=True)
    assert Share(int((found >= surely).sum()), 1000).interval[1] < 0.05
    assert Share(int((found >= surely).sum()) + 1, 1000).interval[1] >= 0.05
    # Of fifty faces even none named leaves too much open.
    assert limit(found[:50], surely=True) == np.inf


@pytest.mark.parametrize("unknown_share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("asked_of", [0.2, 0.8, 0.95])
def test_a_number_means_one_tier_in_a_server_that_asks_for_more(
    namer: Namer, asked_of: float, unknown_share: float
) -> None:
    gallery = taught(namer)
    asked = np.concatenate([IMPOSTORS.vectors, *(faces(n, 20, 2, 0.08) for n in range(20))])
    score = scores(asked, gallery, namer.scoring)
    odds = log_odds(confidence_features(score, gallery.counts), namer.calibration)
    least = float(np.quantile(odds, asked_of, method="higher"))
    policy = NamingPolicy(unknown_share=unknown_share)
    namings = asking(namer, least).name(asked, gallery, policy, top=1)
    likely = np.log(0.9 / 0.1) - namer.calibration.shift(unknown_share)
    named = odds >= max(least, likely)
    assert named.any()
    assert [naming.tier is Tier.NAMED for naming in namings] == named.tolist()
    assert [naming.guesses[0].probability >= 0.9 for naming in namings] == named.tolist()


def test_the_priors_count_as_much_as_is_honest_and_no_more(namer: Namer) -> None:
    gallery = taught(namer)
    assert gallery.posted is not None
    for odds in (-4.0, 0.0, 2.0, 12.0):
        shipped = asking(namer, odds)
        found = tuned(gallery, shipped, IMPOSTORS)
        assert found.posted is not None
        shares = found.posted[gallery.posted > 0] / gallery.posted[gallery.posted > 0]
        assert np.allclose(shares, shares[0])
        assert 0 <= shares[0] <= 1
        assert fpir(shipped, found) <= 0.05


def test_a_server_never_asks_for_less_than_was_shipped_unless_that_is_surely_honest(
    namer: Namer,
) -> None:
    bare = replace(taught(namer), posted=None)
    for odds in (-8.0, 0.5, 12.0):
        shipped = asking(namer, odds)
        found = tuned(bare, shipped, IMPOSTORS)
        named = sum(n.tier is Tier.NAMED for n in shipped.name(IMPOSTORS.vectors, found, top=1))
        before = sum(n.tier is Tier.NAMED for n in shipped.name(IMPOSTORS.vectors, bare, top=1))
        assert named <= before or Share(named, len(IMPOSTORS.vectors)).interval[1] < 0.05


def test_of_few_impostors_nothing_is_fitted_and_no_prior_counts(namer: Namer) -> None:
    gallery = taught(namer)
    few = Impostors(
        IMPOSTORS.vectors[: FEWEST_IMPOSTORS - 1],
        IMPOSTORS.identities[: FEWEST_IMPOSTORS - 1],
        IMPOSTORS.reporting[: FEWEST_IMPOSTORS - 1],
    )
    for impostors in (few, None):
        found = tuned(gallery, namer, impostors)
        assert (found.calibration, found.threshold, found.posted) == (None, None, None)


def test_own_probabilities_let_no_more_impostors_through(namer: Namer) -> None:
    """Labels that say the probabilities are too low must not cost unknown faces."""
    examples = [
        Example(vector, SHIPPED[place].id, False, n, n)
        for place in range(4)
        for n, vector in enumerate(faces(place, 20, 3, 0.25))
    ]
    assert len(examples) >= FEWEST_TO_CALIBRATE
    own = calibrated(namer.gallery, namer, examples, IMPOSTORS)
    assert own.calibration not in (None, namer.calibration)
    found = tuned(own, namer, IMPOSTORS)
    assert found.threshold is not None
    assert fpir(namer, found) <= 0.05


def test_a_shortlist_says_what_the_whole_gallery_says(namer: Namer) -> None:
    gallery = taught(namer, 0.3)
    assert gallery.posted is not None
    everybody = replace(gallery, posted=gallery.posted + np.float32(0.01))
    for made in (gallery, everybody, replace(gallery, posted=None)):
        shortlist = Shortlist.of(IMPOSTORS, made, namer.scoring)
        for share in (0.0, 0.3, 1.0):
            part = None if made.posted is None else np.float32(share) * made.posted
            score = scores(IMPOSTORS.vectors, replace(made, posted=part), namer.scoring)
            whole = confidence_features(score, made.counts)
            assert np.allclose(shortlist.features(share), whole)
