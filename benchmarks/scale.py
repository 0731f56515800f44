"""What a day of many pictures needs and costs: shards, replicas, database, egress, money.

    python -m benchmarks.scale --docs docs/scale.md

Figures are those that the documents measure; `benchmarks/prices.csv` has the list prices, each with
when it was seen and where. Replace what is not yours.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from benchmarks.options import Docs
from benchmarks.simulate import DAY_S, Costs, Plant, Posting, plant_for
from benchmarks.statistics import publish, table, today

if TYPE_CHECKING:
    from collections.abc import Iterable

PRICES: Final = Path(__file__).with_name("prices.csv")
MONTH_DAYS: Final = 30.4
_PROCESSORS: Final = 8
"""Processors of the machine whose price the table has."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large it is, and what was measured or is assumed of one unit.

    Measured: `bot_s`, processor seconds that a picture costs a bot beside its replicas (its
    download, naming, drawing and sending; docs/serving.md, "Before and after", less "What a picture
    costs a replica"); `answer_bytes`, the rows and indexes of an answer with one face, and
    `picture_kb` and `back_kb`, pictures there, crops and vectors back and there again, from the
    latter section; `vector_bytes`, 384 numbers in half precision. Assumed: `door_s`, a request's
    processor seconds at a door, half of it Ray's call, which that section measures; `crop_bytes` of
    a kept crop; `shown_kb`, what an answer uploads; `learning`, the share of pictures whose server
    learns, with as many days as `[storage] answers_days`; `servers_a_shard` and `shards_a_process`.
    """

    servers: int = 100_000
    pictures_a_day: float = 10e6
    characters: int = 10_000
    bot_s: float = 0.060
    door_s: float = 0.006
    answer_bytes: float = 991
    buttons_days: int = 7
    answers_days: int = 180
    learning: float = 0.2
    vector_bytes: int = 768
    crop_bytes: int = 8_000
    shown_kb: float = 40
    picture_kb: float = 111
    back_kb: float = 82 + 83
    servers_a_shard: int = 1_000
    shards_a_process: int = 8

    @property
    def rows_a_second(self) -> float:
        """Answers that are written in the mean second."""
        return self.pictures_a_day / DAY_S

    @property
    def kept_answers(self) -> float:
        """Answers in the database at any time."""
        days = (1 - self.learning) * self.buttons_days + self.learning * self.answers_days
        return self.pictures_a_day * days

    @property
    def database_gb(self) -> float:
        """Answers, and the vectors of those that are learned from."""
        learned = self.pictures_a_day * self.learning * self.answers_days
        return (self.kept_answers * self.answer_bytes + learned * self.vector_bytes) / 1e9

    @property
    def crops_gb(self) -> float:
        """Kept crops, which are files."""
        return self.pictures_a_day * self.learning * self.answers_days * self.crop_bytes / 1e9

    @property
    def egress_gb_a_month(self) -> float:
        """What leaves the cloud: the pictures of answers."""
        return self.pictures_a_day * MONTH_DAYS * self.shown_kb / 1e6

    @property
    def largest_gallery_mb(self) -> float:
        """What one server's centroids take in a bot's memory: 384 float32 each."""
        return self.characters * 384 * 4 / 1e6


def cost(amount: float, tiers: Iterable[tuple[float, float]]) -> float:
    """Return what an amount costs by tiers: from how much on, and the price of each unit there."""
    ordered = sorted(tiers)
    total = 0.0
    for place, (start, price) in enumerate(ordered):
        end = ordered[place + 1][0] if place + 1 < len(ordered) else math.inf
        total += max(0.0, min(amount, end) - start) * price
    return total


def prices(path: Path = PRICES) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Read the table: cloud, item, then the tiers of `cost`."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            items = found.setdefault(row["cloud"], {})
            items.setdefault(row["item"], []).append((float(row["from_gb"]), float(row["price"])))
    return found


def machines(scale: Scale, plant: Plant, posting: Posting) -> dict[str, int]:
    """How many machines of 8 processors each part needs in the busiest hour, spares counted in."""
    replicas = math.ceil((plant.finding + plant.embedding) / _PROCESSORS)
    bots = math.ceil((processes(scale, posting) + doors(scale, posting)) / _PROCESSORS)
    return {"replicas": replicas + 1, "bots and doors": bots + 1, "database and its standby": 2}


def processes(scale: Scale, posting: Posting) -> int:
    """How many bot processes there are: each has one event loop, which must not be too busy."""
    shards = math.ceil(scale.servers / scale.servers_a_shard)
    return max(
        math.ceil(shards / scale.shards_a_process), math.ceil(posting.highest * scale.bot_s / 0.6)
    )


def doors(scale: Scale, posting: Posting) -> int:
    """How many doors there are: each is one process, and a picture asks twice."""
    return math.ceil(2 * posting.highest * scale.door_s / 0.6)


def month(
    scale: Scale, count: int, tiers: dict[str, list[tuple[float, float]]]
) -> dict[str, float]:
    """What a month costs in a cloud, by part."""
    disk = (2 * scale.database_gb + scale.crops_gb) * 1.5  # room to grow and to vacuum
    return {
        "machines": cost(count * 24 * MONTH_DAYS, tiers["machine"]),
        "egress": cost(scale.egress_gb_a_month, tiers["egress"]),
        "disk": cost(disk, tiers["disk"]),
    }


def main(
    servers: Annotated[int, typer.Option(help="Servers.")] = 100_000,
    pictures: Annotated[float, typer.Option(help="Pictures a day.")] = 10e6,
    learning: Annotated[float, typer.Option(help="Share of pictures whose server learns.")] = 0.2,
    docs: Docs = None,
) -> None:
    """Print what it needs and costs, and write it into a page."""
    scale = Scale(servers, pictures, learning=learning)
    posting, costs = Posting(pictures_a_day=pictures), Costs()
    plant = plant_for(posting, costs, 0.9)
    shards = math.ceil(servers / scale.servers_a_shard)
    peak = posting.highest
    network = peak * (scale.picture_kb + scale.back_kb) * 8 / 1e6
    count = machines(scale, plant, posting)
    rows = [
        ["shards, and bot processes", f"{shards}, {processes(scale, posting)}"],
        ["doors", doors(scale, posting)],
        ["pictures a second: mean, busiest burst", f"{scale.rows_a_second:.0f}, {peak:.0f}"],
        ["replicas that find, that embed", f"{plant.finding}, {plant.embedding}"],
        *([f"machines of 8 processors: {what}", number] for what, number in count.items()),
        ["between bots and replicas in a burst, Gbit/s", f"{network:.2f}"],
        ["answers written a second: mean, burst", f"{scale.rows_a_second:.0f}, {peak:.0f}"],
        ["answers kept, million", f"{scale.kept_answers / 1e6:.0f}"],
        ["database, GB", f"{scale.database_gb:.0f}"],
        ["kept crops, GB", f"{scale.crops_gb:.0f}"],
        ["egress a month, TB", f"{scale.egress_gb_a_month / 1000:.1f}"],
        ["centroids of a server's 10,000 characters, MB", f"{scale.largest_gallery_mb:.0f}"],
    ]
    million = pictures * MONTH_DAYS / 1e6
    bills: list[list[object]] = []
    for cloud, tiers in prices().items():
        parts = month(scale, sum(count.values()), tiers)
        total = sum(parts.values())
        shown = [f"{part:,.0f}" for part in (*parts.values(), total)]
        bills.append([cloud, *shown, f"{total / million:.2f}"])
    text = (
        f"{today()}; {servers:,} servers, {pictures:,.0f} pictures a day.\n\n"
        + table(["what it needs", ""], rows)
        + "\n\nUSD a month by list prices (`benchmarks/prices.csv`), without discounts:\n\n"
        + table(["", "machines", "egress", "disk", "all", "a million pictures"], bills)
    )
    publish(text, docs, "scale")


if __name__ == "__main__":
    typer.run(main)
