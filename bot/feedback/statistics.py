"""What `/stats` shows, counted: from a server's answers and settled faces to plain numbers.

A face is *right* if its best guess is the label that was settled, merges followed. Faces that
shall be left alone count nowhere; one that is no face was answered wrongly whatever it was called.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.storage.records import IGNORED, NOT_A_FACE
from models.intervals import Share
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.storage.records import SettledFace
    from bot.storage.statistics import StatisticsRepository

DAYS = 28
"""Days of which the answers are counted one by one."""
WEEKS = 12
"""Weeks that are looked back, the running one included."""
PAIRS = 4
"""Pairs of characters shown, most confused first."""
FEWEST_SETTLED = 10
"""Settled faces below which a share says nothing, and none is shown."""

_BINS = 10


@dataclass(frozen=True, slots=True)
class Stated:
    """Faces whose best guess was stated about equally probable: `mean` of it, and what came."""

    mean: float
    held: Share


@dataclass(frozen=True, slots=True)
class Pair:
    """Two characters taken for one another: `said`, what it was (`meant`), how often.

    Both are ids; `crop` is the file of one such face, None where no crop may be shown.
    """

    said: str
    meant: str
    count: int
    crop: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """All that `/stats` shows.

    `answers` are the last days', the oldest first; `answered` counts those of all weeks. `tiers`
    count the faces by how surely they were named. Of those with a name `confirmed` were settled as
    that and `corrected` as something else. `weeks` are by their Monday, weeks without a settled
    face left out.
    """

    answers: tuple[tuple[date, int], ...]
    answered: int
    tiers: Mapping[Tier, int]
    confirmed: int
    corrected: int
    settled: int
    weeks: tuple[tuple[date, Share], ...]
    pairs: tuple[Pair, ...]
    stated: tuple[Stated, ...]

    @property
    def named(self) -> int:
        """How many faces had a name, rather than *probably* or *not known*."""
        return self.tiers.get(Tier.NAMED, 0)

    @property
    def enough(self) -> bool:
        """Whether so many faces are settled that shares say something."""
        return self.settled >= FEWEST_SETTLED


async def of_server(
    stored: StatisticsRepository,
    server_id: int,
    roster: ServerRoster,
    now: datetime,
    visible: Callable[[set[int]], Awaitable[Collection[int]]],
) -> Statistics:
    """Count what is stored of a server. `visible` says which of its channels may be shown."""
    since = now - timedelta(weeks=WEEKS)
    faces = await stored.settled_faces(server_id, since)
    return count(
        now.date(),
        await stored.answers_by_day(server_id, since),
        await stored.faces_by_tier(server_id, since),
        faces,
        roster.resolve,
        await visible({face.channel_id for face in faces}),
    )


def count(
    today: date,
    answers: Mapping[date, int],
    tiers: Mapping[Tier, int],
    faces: Sequence[SettledFace],
    resolve: Callable[[str], str | None],
    visible: Collection[int],
) -> Statistics:
    """Count everything. `visible` are the channels whose faces may be shown as confused.

    Hidden faces (spoilered, or from an age-restricted channel) are in no pair. `resolve` follows
    merges.
    """
    judged = [(face, _right(face, resolve)) for face in faces if face.label != IGNORED]
    called = [(face, right) for face, right in judged if face.named]
    confirmed = sum(right for _, right in called)
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    by_week: dict[date, list[bool]] = defaultdict(list)
    for face, right in called:
        day = face.at.date()
        by_week[day - timedelta(days=day.weekday())].append(right)
    return Statistics(
        answers=tuple((day, answers.get(day, 0)) for day in days),
        answered=sum(answers.values()),
        tiers=tiers,
        confirmed=confirmed,
        corrected=len(called) - confirmed,
        settled=len(judged),
        weeks=tuple(
            (week, Share(sum(found), len(found))) for week, found in sorted(by_week.items())
        ),
        pairs=_pairs([face for face, right in called if not right], resolve, visible),
        stated=_stated(judged),
    )


def _right(face: SettledFace, resolve: Callable[[str], str | None]) -> bool:
    if face.label.kind != "character":
        return False
    meant = resolve(face.label.character_id)
    return meant is not None and resolve(face.guess) == meant


def _pairs(
    wrong: Sequence[SettledFace],
    resolve: Callable[[str], str | None],
    visible: Collection[int],
) -> tuple[Pair, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    crops: dict[tuple[str, str], str] = {}
    for face in wrong:
        said, meant = resolve(face.guess), resolve(face.label.character_id)
        if face.label == NOT_A_FACE or face.hidden or face.channel_id not in visible:
            continue
        if said is None or meant is None:
            continue
        counts[said, meant] += 1
        if face.crop is not None:
            crops[said, meant] = face.crop  # the newest one
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Pair(said, meant, number, crops.get((said, meant)))
        for (said, meant), number in ordered[:PAIRS]
    )


def _stated(judged: Sequence[tuple[SettledFace, bool]]) -> tuple[Stated, ...]:
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for face, right in judged:
        place = min(int(face.probability * _BINS), _BINS - 1)
        bins[place].append((face.probability, right))
    return tuple(
        Stated(
            sum(probability for probability, _ in found) / len(found),
            Share(sum(right for _, right in found), len(found)),
        )
        for _, found in sorted(bins.items())
    )
