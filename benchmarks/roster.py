"""How quickly the roster loads, and how quickly a keystroke is answered among all of it.

    python -m benchmarks.roster [--own 1000] [--names 300]

Keystrokes are those of people typing names that the roster has, letter by letter: as they are
shown, with the given name first, in their own script, and with one typo each. A server with own
characters beside the listed ones answers them, as in the bot. Times are by the clock on the wall,
and in brackets in processor time, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from bot.gallery.roster import Listed, ServerRoster
from bot.storage.records.galleries import ServerCharacter
from models.gallery.namer import named_ids
from models.roster.roster import ROSTER_FILE, Roster, load_roster
from models.types import Character

Result = TypeVar("Result")

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    """Print times of loading, of the first index, and of keystrokes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", type=int, default=1000, help="characters of the server's own")
    parser.add_argument("--names", type=int, default=300, help="names that are typed")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - draws what is typed

    load_roster()  # the first load reads the disk
    load_roster.cache_clear()
    times = Times()
    roster = times.of(load_roster)
    size = ROSTER_FILE.stat().st_size
    print(f"load: {times.at(50)}, {len(roster)} characters, {size / 1000:.0f} kB")
    times = Times()
    everybody = times.of(lambda: listed(roster))
    print(f"index of all names, once a process: {times.at(50)}")
    own = [
        ServerCharacter(f"own_{n}", _made_up(rng), f"Comic {n % 40}") for n in range(options.own)
    ]
    times = Times()
    server = times.of(lambda: _server(everybody, own))
    print(f"a server with {len(own)} characters of its own: {times.at(50)}")

    chosen = rng.choices(roster.characters, [1 + c.appearances for c in roster], k=options.names)
    for kind, write in WAYS.items():
        keys = [key for character in chosen for key in _keystrokes(write(character, rng))]
        report(f"{kind}, letter by letter", keys, lambda typed: _offer(server, typed))
    keys = [key for character in chosen for key in _keystrokes(character.series)]
    report("series, letter by letter", keys, server.index.series)
    names = [character.name for character in chosen]
    report("a name sent, whom it means", names, server.index.resolve)
    report("the same with a typo", [_typo(name, rng) for name in names], server.index.resolve)
    print(f"memory: {_memory():.0f} MB for roster and index together")


class Times:
    """Milliseconds that something took: by the clock, and of the processor."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def of(self, do: Callable[[], Result]) -> Result:
        """Do something and add its times."""
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        result = do()
        self.cpu.append((time.thread_time_ns() - cpu) / 1e6)
        self.wall.append((time.perf_counter_ns() - wall) / 1e6)
        return result

    def at(self, percentile: float) -> str:
        """Return a percentile of both."""
        wall, cpu = (np.percentile(each, percentile) for each in (self.wall, self.cpu))
        return f"{wall:.1f} ms ({cpu:.1f})"


def report(what: str, texts: list[str], do: Callable[[str], object]) -> None:
    """Print the times that texts take."""
    times = Times()
    for text in texts:
        times.of(lambda text=text: do(text))
    print(
        f"{what}: p50 {times.at(50)}, p99 {times.at(99)}, longest {times.at(100)}; "
        f"{len(texts)} keystrokes"
    )


def listed(roster: Roster) -> Listed:
    """Everybody who can be named or enrolled, with the index of their names built."""
    by_id = {character.id: character for character in roster}
    everybody = Listed([by_id[key] for key in sorted(named_ids())], roster)
    _ = everybody.names
    return everybody


def _server(everybody: Listed, own: list[ServerCharacter]) -> ServerRoster:
    server = ServerRoster(everybody, own)
    _ = server.index
    return server


def _offer(server: ServerRoster, typed: str) -> list[tuple[str, str]]:
    """Return what a keystroke offers: 25 characters, each with the value that leads to it."""
    found = server.index.complete(typed, 25)
    return [(character.name, server.value(character)) for character in found]


def _keystrokes(text: str) -> Iterator[str]:
    return (text[:size] for size in range(1, min(len(text), 30) + 1))


def _typo(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return rng.choice(
        (
            text[:at] + rng.choice(LETTERS) + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + rng.choice(LETTERS) + text[at:],
            text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
        )
    )


def _made_up(rng: random.Random) -> str:
    words = ("".join(rng.choice("kstnhmr") + rng.choice("aiueo") for _ in range(3)) for _ in "ab")
    return " ".join(words).title()


WAYS: dict[str, Callable[[Character, random.Random], str]] = {
    "names as shown": lambda character, _: character.name,
    "given names first": lambda character, _: " ".join(reversed(character.name.split())),
    "in their own script": lambda character, _: character.native_name or character.name,
    "with a typo": lambda character, rng: _typo(character.name, rng),
    "name and series": lambda character, _: f"{character.name.split()[-1]} {character.series}",
}


def _memory() -> float:
    load_roster.cache_clear()
    tracemalloc.start()
    kept = listed(load_roster())
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    del kept
    return size


if __name__ == "__main__":
    main()
