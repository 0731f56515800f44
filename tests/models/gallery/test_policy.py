"""The one place where a probability becomes a tier."""

from __future__ import annotations

import pytest

from models.gallery.policy import NamingPolicy
from models.types import Tier, percent


@pytest.mark.parametrize(
    ("probability", "tier"),
    [
        (1.0, Tier.NAMED),
        (0.9, Tier.NAMED),
        (0.8999, Tier.PROBABLY),
        (0.5, Tier.PROBABLY),
        (0.4999, Tier.NOT_KNOWN),
        (0.0, Tier.NOT_KNOWN),
    ],
)
def test_a_probability_has_one_tier(probability: float, tier: Tier) -> None:
    assert NamingPolicy().tier(probability) is tier


NUMBERS = [0.0, 0.3, 0.4999, 0.5, 0.51, 0.7, 0.8999, 0.9, 0.93, 0.9699, 0.97, 0.98, 0.999, 1.0]


@pytest.mark.parametrize("named", [0.9, 0.95])
@pytest.mark.parametrize("probably", [0.3, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("limit", [0.1, 0.9, 0.97, 0.9999, 1.0])
def test_one_number_means_one_tier_whatever_the_gallery_asks_for(
    named: float, probably: float, limit: float
) -> None:
    policy = NamingPolicy(named=named, probably=probably)
    stated = [policy.stated(number, limit) for number in NUMBERS]
    assert stated == sorted(stated)
    for number, said in zip(NUMBERS, stated, strict=True):
        assert 0 <= said <= number
        assert (said >= named) == (number >= max(named, limit))
        assert (policy.tier(said) is Tier.NAMED) == (number >= max(named, limit))
        if probably < named:
            assert (policy.tier(said) is Tier.NOT_KNOWN) == (number < probably)


def test_a_number_is_stated_as_it_is_where_the_gallery_asks_for_no_more() -> None:
    assert [NamingPolicy().stated(number, 0.9) for number in NUMBERS] == NUMBERS


def test_who_asks_for_more_names_gets_them() -> None:
    policy = NamingPolicy(named=0.7)
    assert policy.tier(policy.stated(0.75, 0.96)) is Tier.NAMED
    strict = NamingPolicy(named=0.95)
    assert strict.tier(strict.stated(0.95, 0.96)) is Tier.PROBABLY


def test_what_is_read_reaches_no_limit_that_it_is_below() -> None:
    assert percent(0.8999) == "89 %"
    assert [percent(number / 100) for number in range(1, 100)] == [f"{n} %" for n in range(1, 100)]


def test_a_name_needs_no_more_than_its_own_limit() -> None:
    assert NamingPolicy(named=0.4, probably=0.6).tier(0.5) is Tier.NAMED
    assert NamingPolicy(named=0.4, probably=0.6).tier(0.3) is Tier.NOT_KNOWN
