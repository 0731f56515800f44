"""What learning makes of small servers, and whether it keeps its promise about unknown faces there.

    python -m benchmarks.small_servers --data ../shared/data --cache runs/faces

Servers of 5, 20 and 100 characters of their own, thirty members, few labels. The characters are
those of `varied/` in the data folder, taken out of the shipped gallery; the weights are the shipped
ones. Nothing is fitted on what is asked about: the characters and faces are draws of their own, and
the impostors are the half of the reserved identities that reports. Writes a section of
`docs/learning.md`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.options import DATA, Data, Docs
from benchmarks.simulated_server import Simulation, World
from benchmarks.statistics import machine, table, today, write_section
from benchmarks.voters import Crowd
from models.embedding.embedder import Embedder
from models.gallery.examples import Example
from models.gallery.impostors import IMPOSTORS_FILE, Impostors
from models.gallery.namer import Namer
from models.gallery.posted import NO_PRIOR, PRIOR_WEIGHTS
from models.gallery.training_vectors import VECTORS_FILE, VectorSet
from models.intervals import Share
from models.training.augmentation import framed
from models.training.breadth.faces import load_faces
from models.training.dataset import near_duplicate_groups
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.gallery import Gallery
    from models.training.breadth.faces import FaceSet
    from models.types import Vectors

SIZES: Final = (5, 20, 100)
VOTES_A_CHARACTER: Final = 8
"""Votes after which a server trains, for each character of its own."""
FEWEST: Final = 6
"""Pictures that a character must have to be one of a server's own."""
OTHERS: Final = 400
"""Vectors of shipped characters that are posted too."""
CROWDS: Final = {
    "never wrong": Crowd(wrong=0.0),
    "a fifth wrong": Crowd(wrong=0.2),
    "a fifth wrong, a tenth hostile": Crowd(wrong=0.2, hostile=0.1),
}
PRIORS: Final = {
    "none": NO_PRIOR,
    "all": PRIOR_WEIGHTS,
    "all but own characters": replace(PRIOR_WEIGHTS, own=0.0, own_spread=0.0),
    "all but characters seen": replace(PRIOR_WEIGHTS, character=0.0),
    "all but series seen": replace(PRIOR_WEIGHTS, series=0.0),
}


@dataclass
class Measured:
    """What one state of servers did, summed over draws."""

    best: Share = field(default_factory=lambda: Share(0, 0))
    named: Share = field(default_factory=lambda: Share(0, 0))
    fpir: Share = field(default_factory=lambda: Share(0, 0))

    def add(self, run: Simulation, gallery: Gallery) -> None:
        """Name what is only tested, and the impostors that report."""
        world, rows = run.world, run.server.tested
        namings = world.namer.name(world.vectors[rows], gallery)
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
        if faces is not None:
            asked = world.namer.name(faces.vectors, faces.unknown_to(gallery), top=1)
            self.fpir += Share.of(np.array([n.tier is Tier.NAMED for n in asked]))


def make_world(data: Path, cache: Path) -> World:
    """Take the characters of `varied/` out of what is shipped, and embed their pictures."""
    embedder = Embedder.load()
    shipped = VectorSet.load(VECTORS_FILE, embedder.version)
    impostors = Impostors.load(IMPOSTORS_FILE, embedder.version)
    if shipped is None or impostors is None:
        raise typer.BadParameter("the weights, vectors and impostors don't belong together")
    faces = load_faces(data, cache)
    reserved = set(impostors.identities)
    rows = [
        i
        for i, face in enumerate(faces.faces)
        if face.folder == "varied" and face.identity not in reserved
    ]
    vectors = _kept(cache / f"varied-{embedder.version}.npy", embedder, faces, rows)
    labels = [faces.faces[i].identity for i in rows]
    own_ids = frozenset(label for label in labels if labels.count(label) >= FEWEST)
    groups = near_duplicate_groups([faces.faces[i].phash for i in rows])
    namer = Namer.load()
    namer = namer.with_gallery(namer.gallery.without(own_ids))
    left = [i for i, label in enumerate(shipped.labels) if label not in own_ids]
    data_set = VectorSet(
        shipped.vectors[left],
        tuple(shipped.labels[i] for i in left),
        tuple(shipped.groups[i] for i in left),
    )
    named = {c.id for c in namer.gallery.characters}
    posted = [i for i, label in enumerate(data_set.labels) if label in named]
    posted = np.random.default_rng(0).permutation(posted)[:OTHERS].tolist()
    count = len(rows)
    return World(
        [*labels, *(data_set.labels[i] for i in posted)],
        [*groups, *range(10**6, 10**6 + len(posted))],
        np.concatenate([vectors, data_set.vectors[posted]]),
        [i for i, label in enumerate(labels) if label in own_ids],
        list(range(count, count + len(posted))),
        namer,
        data_set,
        impostors.half(reporting=False),
        impostors.half(reporting=True),
    )


def _kept(file: Path, embedder: Embedder, faces: FaceSet, rows: Sequence[int]) -> Vectors:
    """Return the vectors of rows of faces, from a file for the next time."""
    if not file.is_file():
        parts = [
            embedder.embed(np.stack([framed(faces.picture(i), embedder.side) for i in some]))
            for some in np.array_split(rows, max(len(rows) // 32, 1))
        ]
        np.save(file, np.concatenate(parts))
    return np.load(file)


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


def switched_off(world: World, size: int, draws: int) -> list[list[object]]:
    """Return a row for each prior that is left out, of servers whose members are never wrong."""
    found: dict[str, Measured] = defaultdict(Measured)
    for seed in range(draws):
        run, settled = _voted(world, CROWDS["never wrong"], size, seed)
        for name, weights in PRIORS.items():
            found[name].add(run, run.gallery(settled, weights))
    return [[size, name, m.best, m.named, m.fpir] for name, m in found.items()]


def taught(world: World, size: int, shots: int, draws: int) -> list[list[object]]:
    """Return a row without and with the priors, of servers that taught so many pictures each."""
    found = {name: Measured() for name in ("none", "all")}
    shipped = {name: Share(0, 0) for name in found}
    for seed in range(draws):
        run = Simulation(world, CROWDS["never wrong"], seed, size)
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
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")] = Path("runs/faces"),
    draws: Annotated[int, typer.Option(help="Servers of each kind.")] = 3,
    docs: Docs = None,
) -> None:
    """Print the tables."""
    world = make_world(data, cache)
    head = [
        "own", "voters", "wrong labels", "named: taught", "labelled", "trained",
        "FPIR: taught", "labelled", "trained", "promoted", "lost",
    ]  # fmt: skip
    rows = [
        [size, name, *simulate(world, crowd, size, draws)]
        for size in SIZES
        for name, crowd in CROWDS.items()
    ]
    priors = [row for size in SIZES for row in switched_off(world, size, draws)]
    shots = [
        row for size in (5, 26) for count in (1, 5) for row in taught(world, size, count, 2 * draws)
    ]
    version = Embedder.load().version
    text = "\n\n".join(
        (
            f"`python -m benchmarks.small_servers --data ../shared/data --cache runs/faces --draws "
            f"{draws}`; {machine()}; {today()}; backbone {version}; {draws} draws of each server. "
            f"Each own character is taught with one picture; {VOTES_A_CHARACTER} votes for each "
            "come before the server trains, with 95 % intervals. *Named* are tested pictures "
            "of own characters that get their name; *FPIR* is of the reserved identities that "
            "report.",
            table(head, rows),
            "What /teach alone does, by pictures of each own character, with and without the "
            "priors; *shipped* are vectors of shipped characters:",
            table(["own", "pictures", "priors", "named", "shipped, named", "FPIR"], shots),
            "The priors switched off in turn, with labels and without a training:",
            table(["own", "priors", "best guess right", "named", "FPIR"], priors),
        )
    )
    typer.echo(text)
    if docs is not None:
        write_section(docs, "small-servers", text)


if __name__ == "__main__":
    typer.run(main)
