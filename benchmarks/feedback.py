"""What members' votes make of a server's own new characters, and how quick learning is.

    python -m benchmarks.feedback --data ../shared/data --run runs/held_out

`--run` is the folder that `moedex train all` left of the run that never saw the split's "unseen"
characters: these are what the server teaches, one picture each, and votes on. Voters are simulated,
everything else is the bot's own: ballots, consensus, galleries, heads, promotion. Writes a section
of `docs/learning.md`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.learning_speed import Speed, measure_speed
from benchmarks.simulated_server import Simulation, World, make_world
from benchmarks.statistics import machine, table, today, write_section
from benchmarks.voters import Crowd
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.examples import Example
from models.intervals import Share
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.gallery import Gallery

CHECKPOINTS = (100, 500, 2000)
ANSWERS_CHANGE_EVERY = 100
"""Votes between two new galleries for what the simulated bot answers."""


@dataclass
class Measured:
    """The state after a number of votes, summed over draws."""

    best: Share = field(default_factory=lambda: Share(0, 0))
    named: Share = field(default_factory=lambda: Share(0, 0))
    wrong: Share = field(default_factory=lambda: Share(0, 0))
    promoted: int = 0
    refused: int = 0
    lost: int = 0


def main() -> None:
    """Run the benchmark and write its section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("docs/learning.md"))
    arguments = parser.parse_args()
    embedder = Embedder.load(arguments.run / EMBEDDING_FILE.name)
    world = make_world(arguments.data, arguments.run)
    crowds = {
        "never wrong": Crowd(wrong=0.0),
        "wrong 10 %": Crowd(wrong=0.1),
        "wrong 20 %": Crowd(wrong=0.2),
        "wrong 10 %, a tenth hostile": Crowd(wrong=0.1, hostile=0.1),
    }
    rows: dict[str, dict[int, Measured]] = {}
    for name, crowd in crowds.items():
        totals: dict[int, Measured] = defaultdict(Measured)
        for seed in range(arguments.draws):
            simulate(world, crowd, seed, totals)
        rows[name] = totals
        print(
            name,
            {
                votes: (str(m.best), str(m.named), str(m.wrong), m.promoted, m.refused)
                for votes, m in totals.items()
            },
            flush=True,
        )
    speed = measure_speed(embedder, world.namer)
    text = report(rows, speed, arguments.draws, embedder.version)
    write_section(arguments.out, "feedback", text)
    print(text)


def simulate(world: World, crowd: Crowd, seed: int, totals: dict[int, Measured]) -> None:
    """Run one server and add what is measured to `totals`, by votes."""
    run = Simulation(world, crowd, seed)
    gallery = run.gallery([])
    measure(run, gallery, [], totals[0])
    votes, built, due = 0, 0, list(CHECKPOINTS)
    while due:
        for row in run.server.posted:
            if row not in run.seen:
                run.post(row, gallery)
            votes += run.vote(row)
            if votes >= built + ANSWERS_CHANGE_EVERY:
                built, gallery = votes, run.gallery(run.settled())
            if due and votes >= due[0]:
                settled = run.settled()
                total = totals[due.pop(0)]
                decision = run.learn(settled)
                shipped = decision.current["shipped"]
                total.promoted += decision.promote
                total.refused += not decision.promote
                total.lost += decision.promote and shipped.after < shipped.before
                gallery = run.gallery(settled)
                measure(run, gallery, settled, total)


def measure(run: Simulation, gallery: Gallery, settled: Sequence[Example], into: Measured) -> None:
    """Name the tested pictures of the server's own characters."""
    rows = run.server.tested
    namings = run.world.namer.name(run.world.vectors[rows], gallery)
    right = [
        n.guesses[0].character.id == run.label(row) for n, row in zip(namings, rows, strict=True)
    ]
    told = [good and n.tier is Tier.NAMED for good, n in zip(right, namings, strict=True)]
    into.best += Share(sum(right), len(rows))
    into.named += Share(sum(told), len(rows))
    wrong = sum(e.character_id != run.label(e.source_id) for e in settled)
    into.wrong += Share(wrong, len(settled))


def report(rows: dict[str, dict[int, Measured]], speed: Speed, draws: int, backbone: str) -> str:
    """Write the tables."""

    def cells(value: str) -> list[list[str]]:
        return [
            [name, *(str(getattr(m, value)) for m in totals.values())]
            for name, totals in rows.items()
        ]

    head = ["Voters", "Taught, no votes", *(f"{n:,} votes" for n in CHECKPOINTS)]
    wrong = [
        [name, *(f"{m.wrong.hits} of {m.wrong.total}" for v, m in totals.items() if v)]
        for name, totals in rows.items()
    ]
    promoted = [
        [name, *(f"{m.promoted} of {m.promoted + m.refused}" for v, m in totals.items() if v),
         sum(m.lost for m in totals.values())]
        for name, totals in rows.items()
    ]  # fmt: skip
    return "\n\n".join(
        (
            f"Measured {today()} on {machine()} with `python -m benchmarks.feedback --data "
            f"../shared/data --run runs/held_out --draws {draws}`, backbone {backbone}, {draws} "
            "draws of each server. The 15 characters that the backbone never saw are a server's "
            "own, beside the "
            "shipped roster: each is taught with one picture, two fifths of its other pictures are "
            "only tested, and the rest is posted, with half as many of shipped characters. Thirty "
            "members, some far busier than others, cast 3 to 7 votes on a picture. Who is wrong "
            "means a name that the bot had guessed, or any other; the hostile ones agree on one "
            "wrong name for each character. No moderator helps.",
            "Best guess right, on tested pictures of the server's own characters:",
            table(head, cells("best")),
            "Named rightly, which a face below the threshold is not:",
            table(head, cells("named")),
            "Wrong labels among those that reached training:",
            table(["Voters", *head[2:]], wrong),
            "Versions promoted, and promotions that lost on the frozen holdout:",
            table(["Voters", *head[2:], "lost"], promoted),
            speed.text(),
        )
    )


if __name__ == "__main__":
    main()
