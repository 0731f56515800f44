"""What learning makes of small servers, and whether it keeps its promise about unknown faces there.

    python -m benchmarks.small_servers --data ../shared/data --cache runs/faces

Servers of 5, 15 and 100 characters of their own, thirty members, few labels. The characters are
half of those whose fan art the embedding has not learned from, taken out of the shipped gallery.
There are not a hundred of these: the largest server is of half of `varied/`, whose pictures the
embedding has learned from, so that it names more of them than of new ones. The weights are the
shipped ones. Nothing is fitted on what is asked about, and the impostors are the half of the
reserved identities that reports. Writes a section of `docs/learning.md`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.options import CACHE, DATA, Cache, Data, Docs
from benchmarks.simulated_server import Simulation, World, make_world
from benchmarks.statistics import machine, publish, table, today
from benchmarks.voters import Crowd
from models.embedding.embedder import Embedder
from models.gallery.examples import Example
from models.gallery.namer import Namer
from models.gallery.posted import NO_PRIOR, PRIOR_WEIGHTS
from models.gallery.tuning import tuned
from models.intervals import Share
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.gallery import Gallery
    from models.gallery.namer import Naming
    from models.types import Vectors

SIZES: Final = (5, 15, 100)
LARGE: Final = 100
"""From so many own characters on, they are those that the embedding has learned from."""
SHOWN: Final = (5, 13)
"""Own characters of servers that teach up to five pictures of each."""
CROSSOVERS: Final = 0.15
"""The share of pictures of two whose other face is of another series."""
TAUGHT_LEAST: Final = 9
"""Pictures that leave five to teach, where two fifths of all but one are only tested."""
VOTES_A_CHARACTER: Final = 8
"""Votes after which a server trains, for each character of its own."""
CROWDS: Final = {
    "never wrong": Crowd(wrong=0.0),
    "a fifth wrong": Crowd(wrong=0.2),
    "a fifth wrong, a tenth hostile": Crowd(wrong=0.2, hostile=0.1),
}
PRIORS: Final = {
    "none": NO_PRIOR,
    "all": PRIOR_WEIGHTS,
    "all but own characters": replace(PRIOR_WEIGHTS, own=0.0),
    "all but characters seen": replace(PRIOR_WEIGHTS, character=0.0),
    "all but series seen": replace(PRIOR_WEIGHTS, series=0.0),
}


@dataclass
class Measured:
    """What one state of servers did, summed over draws."""

    best: Share = field(default_factory=lambda: Share(0, 0))
    named: Share = field(default_factory=lambda: Share(0, 0))
    fpir: Share = field(default_factory=lambda: Share(0, 0))

    def add(
        self, run: Simulation, gallery: Gallery, namer: Namer | None = None, *, beside: bool = False
    ) -> None:
        """Name what is only tested, and the impostors that report.

        `namer` is that of the world where None. `beside`: each with a face of a shipped character
        in its picture.
        """
        world, rows = run.world, run.server.tested
        namer = namer or world.namer
        series = [world.series.get(run.label(row), "") for row in rows]
        namings = _named(run, namer, gallery, world.vectors[rows], series if beside else None)
        right = np.array(
            [
                n.guesses[0].character.id == run.label(row)
                for n, row in zip(namings, rows, strict=True)
            ]
        )
        told = np.array([n.tier is Tier.NAMED for n in namings])
        self.best += Share.of(right)
        self.named += Share.of(right & told)
        faces = world.reporting
        inside = faces.unknown_to(gallery)
        series = [world.series.get(key, "") for key in faces.identities]
        asked = _named(run, namer, inside, faces.vectors, series if beside else None)
        self.fpir += Share.of(np.array([n.tier is Tier.NAMED for n in asked]))


def _named(
    run: Simulation,
    namer: Namer,
    gallery: Gallery,
    vectors: Vectors,
    series: Sequence[str] | None,
) -> list[Naming]:
    """Name faces, alone or each beside one of a shipped character.

    That is one of the same series, but in `CROSSOVERS` of the pictures, and where nobody is.
    """
    if series is None:
        return namer.name(vectors, gallery, top=1)
    world, rng = run.world, np.random.default_rng(0)
    names = {c.id: c.series for c in gallery.characters}
    own = set(world.own)
    shown = [row for row, key in enumerate(world.labels) if row not in own and key in names]
    by_series: dict[str, list[int]] = defaultdict(list)
    for row in shown:
        by_series[names[world.labels[row]]].append(row)
    others = [
        rng.choice(by_series[name] if by_series.get(name) and rng.random() >= CROSSOVERS else shown)
        for name in series
    ]
    both = np.stack([vectors, world.vectors[others]], axis=1).reshape(-1, vectors.shape[1])
    frames = np.repeat(np.arange(len(vectors)), 2).tolist()
    return namer.name(both, gallery, top=1, frames=frames)[::2]


def simulate(world: World, crowd: Crowd, size: int, draws: int) -> list[object]:
    """Run servers of one size to their training; return a row of the table."""
    before, after, first = Measured(), Measured(), Measured()
    wrong = Share(0, 0)
    promoted = lost = labels = 0
    for seed in range(draws):
        run, settled = _voted(world, crowd, size, seed)
        first.add(run, run.gallery([]))
        before.add(run, run.gallery(settled))
        decision = run.learn(settled)
        promoted += decision.promote
        if "shipped" in decision.current:
            shipped = decision.current["shipped"]
            lost += decision.promote and shipped.after < shipped.before
        after.add(run, run.gallery(settled))
        wrong += Share(sum(e.character_id != run.label(e.source_id) for e in settled), len(settled))
        labels += len(settled)
    return [
        f"{wrong.hits} of {labels}", first.named, before.named, after.named,
        first.fpir, before.fpir, after.fpir, f"{promoted} of {draws}", lost,
    ]  # fmt: skip


def _voted(world: World, crowd: Crowd, size: int, seed: int) -> tuple[Simulation, list[Example]]:
    """Let the members of a server vote until it trains; return what is settled then."""
    run = Simulation(world, crowd, seed, size)
    gallery, votes = run.gallery([]), 0
    while votes < VOTES_A_CHARACTER * size:
        for row in run.server.posted:
            if row not in run.seen:
                run.post(row, gallery)
            votes += run.vote(row)
            if votes >= VOTES_A_CHARACTER * size:
                break
    return run, run.settled()


def together(world: World, size: int, draws: int) -> list[list[object]]:
    """Return a row for faces alone, and for the same faces in pictures of two."""
    found = {"alone": Measured(), "beside another": Measured()}
    for seed in range(draws):
        run, settled = _voted(world, CROWDS["never wrong"], size, seed)
        gallery = run.gallery(settled)
        for name, measured in found.items():
            measured.add(run, gallery, beside=name != "alone")
    return [[size, name, m.best, m.named, m.fpir] for name, m in found.items()]


def switched_off(world: World, size: int, draws: int) -> list[list[object]]:
    """Return a row for each prior that is left out, of servers whose members are never wrong."""
    found: dict[str, Measured] = defaultdict(Measured)
    for seed in range(draws):
        run, settled = _voted(world, CROWDS["never wrong"], size, seed)
        for name, weights in PRIORS.items():
            found[name].add(run, run.gallery(settled, weights))
        bare = Namer(
            world.namer.gallery,
            scoring=replace(world.namer.scoring, prior=0.0),
            calibration=world.namer.calibration,
            threshold=world.namer.threshold,
            version="",
        )
        gallery = tuned(run.gallery(settled, tune=False), bare, world.fitting)
        found["all but appearances"].add(run, gallery, bare)
    return [[size, name, m.best, m.named, m.fpir] for name, m in found.items()]


def taught(world: World, size: int, shots: int, draws: int) -> list[list[object]]:
    """Return a row without and with the priors, of servers that taught so many pictures each.

    Their characters have pictures enough to be taught with five.
    """
    found = {name: Measured() for name in ("none", "all")}
    shipped = {name: Share(0, 0) for name in found}
    for seed in range(draws):
        run = Simulation(world, CROWDS["never wrong"], seed, size, TAUGHT_LEAST)
        rows = [row for row in run.server.posted if run.label(row) in run.server.taught]
        more = [
            Example(world.vectors[row], run.label(row), True, 1000 + row, -1000 - row)
            for key in run.server.taught
            for row in [row for row in rows if run.label(row) == key][: shots - 1]
        ]
        for name in found:
            gallery = run.gallery(more, PRIORS[name])
            found[name].add(run, gallery)
            asked = world.namer.name(world.vectors[world.others], gallery, top=1)
            shipped[name] += Share.of(
                np.array(
                    [
                        n.tier is Tier.NAMED and n.guesses[0].character.id == run.label(row)
                        for n, row in zip(asked, world.others, strict=True)
                    ]
                )
            )
    return [[size, shots, name, m.named, shipped[name], m.fpir] for name, m in found.items()]


def main(
    data: Data = DATA,
    cache: Cache = CACHE,
    draws: Annotated[int, typer.Option(help="Servers of each kind.")] = 1,
    docs: Docs = None,
) -> None:
    """Print the tables."""
    new, learned = (make_world(data, cache, trained_on=before) for before in (False, True))
    worlds = {size: learned if size >= LARGE else new for size in SIZES}
    head = [
        "own", "voters", "wrong labels", "named: taught", "labelled", "trained",
        "FPIR: taught", "labelled", "trained", "promoted", "lost",
    ]  # fmt: skip
    rows = [
        [size, name, *simulate(world, crowd, size, draws)]
        for size, world in worlds.items()
        for name, crowd in CROWDS.items()
    ]
    # Those that train nothing take a second a server.
    priors = [row for size in SIZES for row in switched_off(worlds[size], size, 2 * draws)]
    shots = [
        row for size in SHOWN for count in (1, 5) for row in taught(new, size, count, 6 * draws)
    ]
    pictures = [row for size in SIZES[:2] for row in together(new, size, 3 * draws)]
    version = Embedder.load().version
    text = "\n\n".join(
        (
            f"`python -m benchmarks.small_servers --data ../shared/data --cache runs/faces --draws "
            f"{draws}`; {machine()}; {today()}; backbone {version}; of each server that trains "
            f"{draws} drawn, of those below 6, 3 and 2 times as many. The embedding has learned "
            f"from the pictures of the server of {LARGE}, not from the others. "
            f"Each own character is taught with one picture; {VOTES_A_CHARACTER} votes for each "
            "come before the server trains, with 95 % intervals. *Named* are tested pictures "
            "of own characters that get their name; *FPIR* is of the reserved identities that "
            "report.",
            table(head, rows),
            "What /teach alone does, by pictures of each own character, with and without the "
            "priors; *shipped* are vectors of shipped characters, which are in their centroids:",
            table(["own", "pictures", "priors", "named", "shipped, named", "FPIR"], shots),
            "The faces of the servers with labels, alone and in pictures of two, the other of a "
            f"shipped character and, but in {CROSSOVERS:.0%} of them, of the same series where "
            "there is one. The pictures are simulated, as pictures of several known characters "
            "are few:",
            table(["own", "faces", "best guess right", "named", "FPIR"], pictures),
            "The priors switched off in turn, with labels and without a training:",
            table(["own", "priors", "best guess right", "named", "FPIR"], priors),
        )
    )
    publish(text, docs, "small-servers")


if __name__ == "__main__":
    typer.run(main)
