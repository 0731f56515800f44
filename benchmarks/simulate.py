"""How many replicas a day of pictures needs: arrivals by hour, bursts, batches, lost replicas.

    python -m benchmarks.simulate --pictures 10_000_000 --docs docs/scale.md

Every hour of a day is simulated for a minute, after one to warm up. What a picture costs comes from
docs/serving.md, "What a picture costs a replica"; how people post is assumed, and said beside the
figures. `benchmarks.queueing` has the queues, and its tests hold them against theory.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

import simpy
import typer

from benchmarks.options import Docs
from benchmarks.queueing import Step
from benchmarks.statistics import publish, table, today

if TYPE_CHECKING:
    from collections.abc import Generator

DAY_S: Final = 86_400
BUSIEST: Final = 20
"""The hour of the day in which most is posted."""


@dataclass(frozen=True, slots=True)
class Posting:
    """How people post. The shape of a day and its bursts are assumptions.

    `peak`: the busiest hour's pictures over the mean hour's; the others follow a cosine. A message
    has `album` pictures in the mean (geometric). `burst`: for `burst_s` of every minute so many
    times as much is posted, as when something new comes out.
    """

    pictures_a_day: float = 10e6
    peak: float = 1.8
    album: float = 1.3
    burst: float = 1.5
    burst_s: float = 10.0

    def rate(self, hour: int) -> float:
        """Pictures a second in an hour of the day, in the mean."""
        swing = (self.peak - 1) * math.cos(2 * math.pi * (hour - BUSIEST) / 24)
        return self.pictures_a_day / DAY_S * (1 + swing)

    def calm_rate(self, hour: int) -> float:
        """Pictures a second between an hour's bursts; in one it is `burst` times that."""
        return self.rate(hour) / (1 + (self.burst - 1) * self.burst_s / 60)

    @property
    def highest(self) -> float:
        """Pictures a second in the bursts of the busiest hour."""
        return self.calm_rate(BUSIEST) * self.burst


@dataclass(frozen=True, slots=True)
class Costs:
    """What a picture costs, measured: docs/serving.md, "What a picture costs a replica".

    Times are a replica's, in seconds; `*_spread` is their standard deviation over their mean.
    `call_s` is what a call takes of the replica. `around_s`: all that is not a replica's work, of
    "From post to answer": Discord's side, naming and drawing. `trip_s`: a
    call by the clock, both processes' share and the network's, assumed.
    """

    find_s: float = 0.047
    find_spread: float = 1.07
    face_s: float = 0.062
    face_spread: float = 0.04
    faces: float = 1.31
    no_face: float = 0.0
    call_s: float = 0.003
    around_s: float = 0.039
    trip_s: float = 0.009
    most_faces: int = 16


@dataclass(frozen=True, slots=True)
class Plant:
    """What serves: replicas of either kind, and how often one is lost.

    A replica is lost every `lost_s` in the mean, and another one is there after `back_s`.
    """

    finding: int
    embedding: int
    batch: int = 16
    wait_s: float = 0.005
    lost_s: float = DAY_S
    back_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of an hour: pictures a second, seconds to the answer, how busy replicas were."""

    hour: int
    rate: float
    p50_s: float
    p99_s: float
    finding_busy: float
    embedding_busy: float
    losses: int


class _Simulation:
    def __init__(self, posting: Posting, costs: Costs, plant: Plant, seed: int) -> None:
        self._posting, self._costs, self._plant = posting, costs, plant
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._env = simpy.Environment()
        self.times: list[float] = []
        self.finding = self._step(plant.finding, self._find_seconds)
        self.embedding = self._step(plant.embedding, self._embed_seconds, plant.batch, plant.wait_s)

    def hour(self, hour: int, seconds: float) -> Hour:
        """Simulate so many seconds of an hour, twice: the first ones warm the queues up."""
        self._env.process(self._post(self._posting.calm_rate(hour), 2 * seconds))
        self._env.run(until=seconds)
        self.times.clear()
        before = self.finding.busy_s, self.embedding.busy_s, self._losses
        self._env.run(until=2 * seconds)
        times = sorted(self.times)
        return Hour(
            hour,
            self._posting.rate(hour),
            times[len(times) // 2],
            times[int(0.99 * len(times))],
            (self.finding.busy_s - before[0]) / seconds / self._plant.finding,
            (self.embedding.busy_s - before[1]) / seconds / self._plant.embedding,
            self._losses - before[2],
        )

    @property
    def _losses(self) -> int:
        return self.finding.losses + self.embedding.losses

    def _step(self, servers: int, seconds: object, batch: int = 1, wait_s: float = 0.0) -> Step:
        rng, plant = self._rng, self._plant
        return Step(
            self._env,
            servers,
            seconds,  # type: ignore[arg-type]
            batch=batch,
            wait_s=wait_s,
            lost=lambda: rng.expovariate(1 / plant.lost_s),
            back=lambda: plant.back_s,
        )

    def _find_seconds(self, _: int) -> float:
        return self._costs.call_s + self._drawn(self._costs.find_s, self._costs.find_spread)

    def _embed_seconds(self, faces: int) -> float:
        # Faces are embedded one after the other: a batch saves calls, not products.
        spread = self._costs.face_spread / math.sqrt(faces)
        return self._costs.call_s + self._drawn(self._costs.face_s * faces, spread)

    def _drawn(self, mean: float, spread: float) -> float:
        """Draw a time, log-normal."""
        sigma = math.sqrt(math.log(1 + spread**2))
        return self._rng.lognormvariate(math.log(mean) - sigma**2 / 2, sigma)

    def _faces(self) -> int:
        """Draw how many faces a picture has: none, or geometric."""
        if self._rng.random() < self._costs.no_face:
            return 0
        mean = self._costs.faces / (1 - self._costs.no_face)
        return min(_geometric(self._rng, mean), self._costs.most_faces)

    def _post(self, calm: float, seconds: float) -> Generator[simpy.Event, object, None]:
        posting, rng = self._posting, self._rng
        while self._env.now < seconds:
            now = calm * (posting.burst if self._env.now % 60 < posting.burst_s else 1)
            yield self._env.timeout(rng.expovariate(now / posting.album))
            for _ in range(_geometric(rng, posting.album)):
                self._env.process(self._answer())

    def _answer(self) -> Generator[simpy.Event, object, None]:
        since = self._env.now
        yield self.finding.do()
        faces = self._faces()
        if faces:
            yield self.embedding.do(faces)
        trips = (1 + bool(faces)) * self._costs.trip_s
        self.times.append(self._env.now - since + trips + self._costs.around_s)


def _geometric(rng: random.Random, mean: float) -> int:
    """Draw a number from 1, with a mean of 1 or more."""
    if mean <= 1:
        return 1
    return 1 + int(math.log(1 - rng.random()) / math.log(1 - 1 / mean))


def day(
    posting: Posting, costs: Costs, plant: Plant, *, seconds: float = 60.0, seed: int = 0
) -> list[Hour]:
    """Simulate `seconds` of every hour of a day, after as many to warm up."""
    return [
        _Simulation(posting, costs, plant, seed + hour).hour(hour, seconds) for hour in range(24)
    ]


def plant_for(posting: Posting, costs: Costs, busy: float, **of: float) -> Plant:
    """Return replicas that are `busy`, 0 to 1, in the busiest hour's bursts."""
    finding = math.ceil(posting.highest * (costs.call_s + costs.find_s) / busy)
    embedding = math.ceil(posting.highest * (costs.call_s + costs.faces * costs.face_s) / busy)
    return Plant(max(2, finding), max(2, embedding), **of)  # type: ignore[arg-type]


def main(
    pictures: Annotated[float, typer.Option(help="Pictures a day.")] = 10e6,
    busy: Annotated[float, typer.Option(help="How busy replicas may be in a burst.")] = 0.9,
    docs: Docs = None,
) -> None:
    """Simulate a day, print its hours, and what a loss and a larger burst do to the busiest."""
    posting, costs = Posting(pictures_a_day=pictures), Costs()
    plant = plant_for(posting, costs, busy)
    hours = day(posting, costs, plant)

    def changed(what: str, posting: Posting = posting, plant: Plant = plant) -> list[str]:
        hour = _Simulation(posting, costs, plant, BUSIEST).hour(BUSIEST, 120)
        return [what, *_shown(hour)[1:]]

    third = replace(plant, finding=plant.finding * 2 // 3, embedding=plant.embedding * 2 // 3)
    rows = [
        changed("as above"),
        changed("replicas lost every 10 minutes each", plant=replace(plant, lost_s=600)),
        changed("a third of the replicas away", plant=third),
        changed("bursts of three times as much", posting=replace(posting, burst=3.0)),
        changed("albums of 4 pictures", posting=replace(posting, album=4.0)),
    ]
    head = ["a second", "p50 s", "p99 s", "finding busy", "embedding busy", "lost"]
    text = (
        f"{today()}; {pictures:,.0f} pictures a day; {plant.finding} replicas that find and "
        f"{plant.embedding} that embed, a processor each.\n\n"
        + table(["hour", *head], [_shown(hour) for hour in hours[::4]])
        + f"\n\nThe busiest hour, {BUSIEST}:00, over two minutes:\n\n"
        + table(["what is changed", *head], rows)
    )
    publish(text, docs, "simulate")


def _shown(hour: Hour) -> list[str]:
    return [
        f"{hour.hour}:00",
        f"{hour.rate:.0f}",
        f"{hour.p50_s:.2f}",
        f"{hour.p99_s:.2f}",
        f"{hour.finding_busy:.0%}",
        f"{hour.embedding_busy:.0%}",
        str(hour.losses),
    ]


if __name__ == "__main__":
    typer.run(main)
