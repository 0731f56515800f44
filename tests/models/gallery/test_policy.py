"""The one place where a probability becomes a tier."""

from __future__ import annotations

import pytest

from models.gallery.policy import NamingPolicy
from models.types import Tier


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


def test_the_gallery_s_fpir_may_ask_for_more() -> None:
    assert NamingPolicy().tier(0.95, fpir_limit=0.96) is Tier.PROBABLY
    assert NamingPolicy().tier(0.95, fpir_limit=0.3) is Tier.NAMED
    assert NamingPolicy().tier(0.2, fpir_limit=0.1) is Tier.NOT_KNOWN


def test_who_asks_for_more_names_gets_them() -> None:
    assert NamingPolicy(named=0.7).tier(0.75, fpir_limit=0.96) is Tier.NAMED
    assert NamingPolicy(named=0.95).tier(0.95, fpir_limit=0.96) is Tier.PROBABLY


def test_a_name_needs_no_more_than_its_own_limit() -> None:
    assert NamingPolicy(named=0.4, probably=0.6).tier(0.5) is Tier.NAMED
    assert NamingPolicy(named=0.4, probably=0.6).tier(0.3) is Tier.NOT_KNOWN
