"""A step of serving as a queue with servers that batch and get lost, for `benchmarks.simulate`.

Discrete events by SimPy. What a server was at when it was lost goes back to the head of the queue,
as `bot.inference.cluster.door` gives it to another replica.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    Seconds = Callable[[], float]
    """Draws a time."""


@dataclass(order=True)
class Work:
    """Something to do. `place` is its turn; `done` happens when it is done; `size` in units."""

    place: int
    size: int = field(compare=False)
    done: simpy.Event = field(compare=False)


class Step:
    """One step: a queue, and servers that take from it.

    `seconds` draws how long a server needs for a batch of so many units. A server takes the work
    that waits up to `batch` units, and waits up to `wait_s` for more while there is less. `lost`
    draws the time until a server is lost, at work or idle, and `back` until it is there again.
    """

    def __init__(
        self,
        env: simpy.Environment,
        servers: int,
        seconds: Callable[[int], float],
        *,
        batch: int = 1,
        wait_s: float = 0.0,
        lost: Seconds | None = None,
        back: Seconds | None = None,
    ) -> None:
        self.busy_s = 0.0
        self.losses = 0
        self._env = env
        self._seconds = seconds
        self._batch = batch
        self._wait_s = wait_s
        self._queue = simpy.PriorityStore(env)
        self._places = 0
        for _ in range(servers):
            server = env.process(self._serve())
            if lost is not None and back is not None:
                env.process(self._lose(server, lost, back))

    @property
    def waiting(self) -> int:
        """How much work waits."""
        return len(self._queue.items)

    def do(self, size: int = 1) -> simpy.Event:
        """Queue work; the event happens when it is done."""
        self._places += 1
        work = Work(self._places, size, self._env.event())
        self._queue.put(work)
        return work.done

    def _serve(self) -> Generator[simpy.Event, object, None]:
        while True:
            taken: list[Work] = []
            started = None
            request = self._queue.get()
            try:
                yield request
                taken.append(_taken_by(request))
                yield from self._gather(taken)
                started = self._env.now
                yield self._env.timeout(self._seconds(sum(work.size for work in taken)))
            except simpy.Interrupt as interrupt:
                if request.triggered and not taken:
                    taken.append(_taken_by(request))
                request.cancel()
                for work in taken:
                    self._queue.put(work)
                there = interrupt.cause
                if isinstance(there, simpy.Event):  # `_lose` says when it is back
                    yield there
            else:
                for work in taken:
                    work.done.succeed()
            if started is not None:
                self.busy_s += self._env.now - started

    def _gather(self, taken: list[Work]) -> Generator[simpy.Event, object, None]:
        """Take what waits into the batch, as far as it fits."""
        if self._batch > 1 and self._wait_s and not self._queue.items:
            yield self._env.timeout(self._wait_s)
        units = taken[0].size
        items: Sequence[Work] = self._queue.items
        while items and units + items[0].size <= self._batch:
            work = _taken_by(self._queue.get())  # something waits, so this happens at once
            taken.append(work)
            units += work.size

    def _lose(
        self, server: simpy.Process, lost: Seconds, back: Seconds
    ) -> Generator[simpy.Event, object, None]:
        while True:
            yield self._env.timeout(lost())
            self.losses += 1
            there = self._env.event()
            server.interrupt(there)
            yield self._env.timeout(back())
            there.succeed()


def _taken_by(request: simpy.Event) -> Work:
    """Return what a request that has happened got out of the queue."""
    work = request.value
    assert isinstance(work, Work)  # noqa: S101 - nothing else is put into it
    return work
