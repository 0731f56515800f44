"""What members' votes make of a server's own new characters, and how quick learning is.

    python -m benchmarks.feedback --data ../shared/data --cache runs/faces --docs docs/learning.md

A server with `CHARACTERS` of its own beside the whole shipped roster teaches each with one picture,
and its members vote on the others. The characters are of the half of the role `fan` that reports,
and so are the impostors. Voters are simulated, everything else is the bot's own: ballots,
consensus, galleries, heads, promotion. Writes a section of `docs/learning.md`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import typer

from benchmarks.learning_speed import Speed, measure_speed
from benchmarks.options import CACHE, DATA, Cache, Data, Docs
from benchmarks.simulated_server import Simulation, World, make_world
from benchmarks.small_servers import Measured
from benchmarks.statistics import machine, publish, table, today
from benchmarks.voters import Crowd
from models.embedding.embedder import Embedder
from models.gallery.examples import Example
from models.intervals import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.gallery import Gallery

CHECKPOINTS: Final = (100, 500, 2000)
CHARACTERS: Final = 15
ANSWERS_CHANGE_EVERY: Final = 100
"""Votes between two new galleries for what the simulated bot answers."""
CROWDS: Final = {
    "never wrong": Crowd(wrong=0.0),
    "wrong 10 %": Crowd(wrong=0.1),
    "wrong 20 %": Crowd(wrong=0.2),
    "wrong 20 %, a tenth hostile": Crowd(wrong=0.2, hostile=0.1),
}


@dataclass
class After:
    """The state after a number of votes, summed over draws: before the training, and after it."""

    before: Measured = field(default_factory=Measured)
    trained: Measured = field(default_factory=Measured)
    wrong: Share = field(default_factory=lambda: Share(0, 0))
    promoted: int = 0
    refused: int = 0
    lost: int = 0


def main(
    data: Data = DATA,
    cache: Cache = CACHE,
    draws: Annotated[int, typer.Option(help="Servers of each kind.")] = 1,
    docs: Docs = None,
) -> None:
    """Print the tables."""
    world = make_world(data, cache)
    rows: dict[str, dict[int, After]] = {}
    for name, crowd in CROWDS.items():
        rows[name] = defaultdict(After)
        for seed in range(draws):
            simulate(world, crowd, seed, rows[name])
    embedder = Embedder.load()
    speed = measure_speed(embedder, world.namer, world.fitting)
    text = report(rows, speed, draws, embedder.version)
    publish(text, docs, "feedback")


def simulate(world: World, crowd: Crowd, seed: int, totals: dict[int, After]) -> None:
    """Run one server and add what is measured to `totals`, by votes."""
    run = Simulation(world, crowd, seed, CHARACTERS)
    gallery = run.gallery([])
    totals[0].trained.add(run, gallery)
    votes, built, due = 0, 0, list(CHECKPOINTS)
    while due:
        for row in run.server.posted:
            if row not in run.seen:
                run.post(row, gallery)
            votes += run.vote(row)
            if votes >= built + ANSWERS_CHANGE_EVERY:
                built, gallery = votes, run.gallery(run.settled())
            if due and votes >= due[0]:
                gallery = _trained(run, totals[due.pop(0)])


def _trained(run: Simulation, total: After) -> Gallery:
    """Train a server, and measure what answered before and what answers then; return that."""
    settled = run.settled()
    total.before.add(run, run.gallery(settled))
    total.wrong += _wrong(run, settled)
    decision = run.learn(settled)
    shipped = decision.current["shipped"]
    total.promoted += decision.promote
    total.refused += not decision.promote
    total.lost += decision.promote and shipped.after < shipped.before
    gallery = run.gallery(settled)
    total.trained.add(run, gallery)
    return gallery


def _wrong(run: Simulation, settled: Sequence[Example]) -> Share:
    return Share(sum(e.character_id != run.label(e.source_id) for e in settled), len(settled))


def report(rows: dict[str, dict[int, After]], speed: Speed, draws: int, backbone: str) -> str:
    """Write the tables."""

    def cells(value: str) -> list[list[str]]:
        return [
            [name, *(str(getattr(m.trained, value)) for m in totals.values())]
            for name, totals in rows.items()
        ]

    head = ["voters", "taught, no votes", *(f"{n:,} votes" for n in CHECKPOINTS)]
    trainings = [
        [
            name, f"{votes:,}", f"{m.wrong.hits} of {m.wrong.total}",
            f"{m.promoted} of {m.promoted + m.refused}", m.lost,
            m.before.named, m.trained.named, m.before.fpir, m.trained.fpir,
        ]
        for name, totals in rows.items()
        for votes, m in totals.items()
        if votes
    ]  # fmt: skip
    return "\n\n".join(
        (
            f"`python -m benchmarks.feedback --data ../shared/data --cache runs/faces --draws "
            f"{draws}`; {machine()}; {today()}; backbone {backbone}; {draws} draws of each server, "
            f"with 95 % intervals. {CHARACTERS} characters are a server's own, beside the shipped "
            "roster: each is taught with one picture, two fifths of its other pictures are only "
            "tested, and the rest is posted, with half as many of shipped characters. Thirty "
            "members, some far busier than others, cast 3 to 7 votes on a picture. Who is wrong "
            "means a name that the bot had guessed, or any other; the hostile ones agree on one "
            "wrong name for each character. No moderator helps.",
            "Best guess right, on tested pictures of the server's own characters:",
            table(head, cells("best")),
            "Named rightly, which a face below the threshold is not:",
            table(head, cells("named")),
            "Unknown faces that report, named (FPIR):",
            table(head, cells("fpir")),
            "Each training, with what answered just before it and just after; *lost*: promotions "
            "that lost on the frozen holdout:",
            table(
                [
                    "voters", "votes", "wrong labels", "promoted", "lost",
                    "named before", "after", "FPIR before", "after",
                ],
                trainings,
            ),
            speed.text(),
        )
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
