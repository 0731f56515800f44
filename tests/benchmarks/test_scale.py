"""The simulated day and the calculation: known cases, and that prices can be replaced."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale import PRICES, Scale, cost, machines, month, prices
from benchmarks.simulate import Costs, Plant, Posting, day, plant_for

QUIET = Posting(pictures_a_day=400_000, burst=1.0)
CALM = Costs(find_s=0.06, faces=1.0, face_s=0.075, call_s=0.0)


def test_a_day_adds_up_to_its_pictures() -> None:
    assert sum(3600 * QUIET.rate(hour) for hour in range(24)) == pytest.approx(400_000)
    assert max(range(24), key=QUIET.rate) == 20
    assert QUIET.rate(20) / (400_000 / 86_400) == pytest.approx(QUIET.peak)


def test_replicas_are_as_busy_as_their_work_says() -> None:
    plant = Plant(finding=4, embedding=4)
    busiest = day(QUIET, CALM, plant, seconds=100)[20]
    assert busiest.finding_busy == pytest.approx(QUIET.rate(20) * 0.06 / 4, rel=0.15)
    assert busiest.embedding_busy == pytest.approx(QUIET.rate(20) * 0.075 / 4, rel=0.15)
    least = CALM.around_s + 2 * CALM.trip_s
    assert least < busiest.p50_s < busiest.p99_s


def test_too_few_replicas_and_lost_ones_show_in_the_p99() -> None:
    plant = plant_for(QUIET, CALM, 0.6)
    well, lost, few = (
        day(QUIET, CALM, each, seconds=60)[20]
        for each in (
            plant,
            replace(plant, lost_s=20.0, back_s=10.0),
            Plant(finding=1, embedding=1),
        )
    )
    assert well.losses == 0
    assert lost.losses > 0
    # One replica can embed 13 of the 8 faces a second at most, so it is the other that waits.
    assert lost.p99_s > well.p99_s
    assert few.p99_s > well.p99_s


def test_tiers_are_paid_each_for_its_part() -> None:
    tiers = [(10.0, 0.5), (0.0, 1.0), (100.0, 0.1)]
    assert cost(5, tiers) == 5
    assert cost(10, tiers) == 10
    assert cost(30, tiers) == 20
    assert cost(200, tiers) == pytest.approx(10 + 45 + 10)


def test_what_is_kept_grows_with_what_is_learned() -> None:
    none, all_of_it = Scale(learning=0.0), Scale(learning=1.0)
    assert none.kept_answers == 70e6
    assert none.database_gb == pytest.approx(70e6 * none.answer_bytes / 1e9)
    assert none.crops_gb == 0
    assert all_of_it.kept_answers == 1800e6


def test_twice_the_pictures_need_twice_the_replicas() -> None:
    one, two = Posting(pictures_a_day=1e7), Posting(pictures_a_day=2e7)
    first, second = (plant_for(posting, Costs(), 0.9) for posting in (one, two))
    assert second.finding == pytest.approx(2 * first.finding, abs=1)
    assert machines(Scale(), second, two)["replicas"] > machines(Scale(), first, one)["replicas"]


def test_prices_are_a_table_with_a_source_each(tmp_path: Path) -> None:
    found = prices()
    assert len(found) == 3
    for tiers in found.values():
        assert tiers.keys() == {"machine", "egress", "disk"}
        assert all(min(start for start, _ in each) == 0 for each in tiers.values())
    lines = PRICES.read_text(encoding="utf-8").splitlines()
    assert all(line.split(",")[-1] for line in lines)
    own = tmp_path / "prices.csv"
    rows = [lines[0], "mine,machine,0,0.1,x,,y", "mine,egress,0,0,x,,y", "mine,disk,0,0,x,,y"]
    own.write_text("\n".join(rows))
    bill = month(Scale(), 10, prices(own)["mine"])
    assert bill == {"machines": pytest.approx(10 * 24 * 30.4 * 0.1), "egress": 0, "disk": 0}
    assert not math.isnan(sum(bill.values()))
