"""What a server's page shows, drawn and in tables: the numbers of `/stats` in chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.types import Tier, percent

if TYPE_CHECKING:
    from bot.feedback.statistics import Statistics
    from bot.gallery.roster import ServerRoster
    from models.intervals import Share
    from models.types import Character


@dataclass(frozen=True, slots=True)
class Point:
    """A share with its interval, 0 to 1, at a place `x` of 0 to 1."""

    name: str
    x: float
    hits: int
    total: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confused:
    """Two characters taken for one another, and how often."""

    said: Character
    meant: Character
    count: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A server's statistics as its page shows them. `tiers` are all faces, surest first."""

    counted: Statistics
    tiers: tuple[tuple[Tier, int], ...]
    weeks: tuple[Point, ...]
    stated: tuple[Point, ...]
    pairs: tuple[Confused, ...]

    @property
    def faces(self) -> int:
        """How many faces were answered."""
        return sum(number for _, number in self.tiers)


def shown(found: Statistics, roster: ServerRoster) -> Shown:
    """Prepare statistics for the page; the intervals take a moment, so in a thread."""
    last = max(len(found.weeks) - 1, 1)
    weeks = [
        _point(f"{week:%Y-%m-%d}", place / last, share)
        for place, (week, share) in enumerate(found.weeks)
    ]
    stated = [_point(percent(each.mean), each.mean, each.held) for each in found.stated]
    pairs = [
        Confused(roster.characters[each.said], roster.characters[each.meant], each.count)
        for each in found.pairs
    ]
    return Shown(
        counted=found,
        tiers=tuple((tier, found.tiers.get(tier, 0)) for tier in Tier),
        weeks=tuple(weeks) if found.enough else (),
        stated=tuple(stated) if found.enough else (),
        pairs=tuple(pairs) if found.enough else (),
    )


def _point(name: str, x: float, share: Share) -> Point:
    low, high = share.interval
    return Point(name, x, share.hits, share.total, share.value, low, high)
