"""The simulated step against what queueing theory knows."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Generator, Iterator

import pytest
import simpy

from benchmarks.queueing import Step

RUNS = 12
"""Independent runs; an interval of four standard errors around their mean must have the truth."""


def erlang_c(servers: int, offered: float) -> float:
    """The probability that an arrival waits in M/M/c (Erlang, 1917)."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**n / math.factorial(n) for n in range(servers)) + last)


def mean_time(
    seed: int, rate: float, make: Callable[[simpy.Environment, random.Random], Step], work: int
) -> float:
    """The mean time in the system of so much work that arrives by a Poisson process."""
    rng, env = random.Random(seed), simpy.Environment()  # noqa: S311 - no secret
    step = make(env, rng)
    times: list[float] = []

    def ask() -> Generator[simpy.Event, object, None]:
        since = env.now
        yield step.do()
        times.append(env.now - since)

    def arrive() -> Generator[simpy.Event, object, None]:
        for _ in range(work):
            yield env.timeout(rng.expovariate(rate))
            env.process(ask())

    env.process(arrive())
    env.run(until=work / rate * 2)
    assert len(times) == work  # nothing is lost
    return statistics.fmean(times[work // 10 :])


def runs(rate: float, make: Callable[..., Step], work: int = 6000) -> Iterator[float]:
    for seed in range(RUNS):
        yield mean_time(seed, rate, make, work)


def assert_close(times: Iterator[float], truth: float) -> None:
    values = list(times)
    error = statistics.stdev(values) / math.sqrt(len(values))
    assert statistics.fmean(values) == pytest.approx(truth, abs=4 * error)
    assert error < 0.05 * truth  # or nothing would be shown


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (4, 0.8), (20, 0.9)])
def test_waits_as_erlang_says(servers: int, load: float) -> None:
    offered = servers * load
    wait = erlang_c(servers, offered) / (servers - offered)
    times = runs(offered, lambda env, rng: Step(env, servers, lambda _: rng.expovariate(1)))
    assert_close(times, wait + 1)


def test_waits_as_pollaczek_and_khinchine_say() -> None:
    load = 0.7
    times = runs(load, lambda env, _: Step(env, 1, lambda _: 1.0))
    assert_close(times, 1 + load / (2 * (1 - load)))


def test_a_server_that_gets_lost_waits_as_white_and_christie_say() -> None:
    """M/M/1 with breakdowns, at work or idle (White and Christie, 1958)."""
    rate, lost, back = 0.4, 0.1, 0.5
    length = (
        rate * ((lost + back) ** 2 + lost) / ((lost + back) * (back * (1 - rate) - lost * rate))
    )
    times = runs(
        rate,
        lambda env, rng: Step(
            env,
            1,
            lambda _: rng.expovariate(1),
            lost=lambda: rng.expovariate(lost),
            back=lambda: rng.expovariate(back),
        ),
        work=8000,
    )
    assert_close(times, length / rate)


def test_work_of_a_lost_server_is_done_by_another_in_its_turn() -> None:
    env = simpy.Environment()
    losses = iter([1.5, 100.0])
    step = Step(env, 2, lambda _: 1.0, lost=lambda: next(losses, 100.0), back=lambda: 10.0)
    done = [step.do() for _ in range(4)]
    env.run(until=done[-1] | done[-2])
    env.run(until=env.all_of(done))
    assert step.losses == 1
    assert env.now == 3.0  # two at 1 s; one lost at 1.5 s and one at 2 s; the lost one at 3 s


def test_a_batch_takes_what_waits_and_no_more_than_fits() -> None:
    env = simpy.Environment()
    sizes: list[int] = []

    def seconds(units: int) -> float:
        sizes.append(units)
        return 1.0

    step = Step(env, 1, seconds, batch=8, wait_s=0.1)
    events = [step.do(size) for size in (3, 4, 5, 3, 9)]
    env.run(until=env.all_of(events))
    assert sizes == [7, 8, 9]  # what is larger than a batch is one by itself


def test_a_batch_waits_for_more_a_moment() -> None:
    env = simpy.Environment()
    step = Step(env, 1, lambda units: float(units), batch=8, wait_s=0.1)
    first = step.do()

    def later() -> Generator[simpy.Event, object, None]:
        yield env.timeout(0.05)
        yield step.do()

    env.run(until=env.process(later()))
    assert first.processed
    assert env.now == pytest.approx(2.1)
