"""A server whose members vote on the faces of new characters, as the bot would keep it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import typer

from benchmarks.voters import Crowd, Member
from bot.feedback.ballots import ballots_of
from bot.feedback.consensus import decide, learn_reliabilities
from bot.gallery.roster import ServerRoster
from bot.storage.records import FaceObservation, ServerCharacter, StoredGuess
from models.embedding.embedder import Embedder
from models.gallery.composition import server_gallery
from models.gallery.examples import Example, hold_out
from models.gallery.impostors import IMPOSTORS_FILE, Impostors
from models.gallery.namer import Namer
from models.gallery.posted import PRIOR_WEIGHTS, Seen
from models.gallery.promotion import Decision, train_and_decide
from models.gallery.training_vectors import VECTORS_FILE, VectorSet
from models.gallery.tuning import tuned
from models.training.augmentation import framed
from models.training.breadth.faces import load_faces
from models.training.breadth.run import roles_of
from models.training.dataset import near_duplicate_groups
from models.training.reserved import reports
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.feedback.consensus import Ballot
    from bot.storage import Vote
    from models.gallery.gallery import Gallery
    from models.gallery.namer import Naming
    from models.gallery.posted import PriorWeights
    from models.training.breadth.faces import FaceSet
    from models.types import Vectors

TESTED = 0.4
"""The share of a new character's groups that is only tested."""
VOTES_A_FACE = (3, 7)
FEWEST: Final = 5
"""Pictures that a character must have to be one of a server's own."""
OTHERS: Final = 400
"""Vectors of shipped characters that are posted too."""


@dataclass(frozen=True)
class World:
    """What is the same for every simulated server.

    `labels` and `groups` (near-duplicates) are those of the rows of `vectors`. `own` are rows of
    characters that the gallery has not got, `others` of shipped ones; `series` are those of
    everybody. `fitting` are impostors that servers' galleries are held against, `reporting` measure
    what comes of it.
    """

    labels: Sequence[str]
    groups: Sequence[int]
    vectors: Vectors
    own: Sequence[int]
    others: Sequence[int]
    namer: Namer
    shipped: VectorSet
    series: Mapping[str, str]
    fitting: Impostors
    reporting: Impostors


@dataclass(frozen=True)
class Server:
    """One draw: what is taught, what is posted, what is only tested; rows of the samples."""

    taught: dict[str, int]
    posted: list[int]
    tested: list[int]


def make_world(
    data: Path, cache: Path, *, reporting: bool = True, trained_on: bool = False
) -> World:
    """Take half of some characters out of what is shipped, and embed their pictures.

    The characters are those of the role `fan` (`models.training.breadth.split`), whose fan art the
    embedding has not learned from; there are 16 of them at most. With `trained_on` they are those
    of `varied/`, a hundred, whose pictures it has learned from. The half is that which reports, or
    the one by which priors are weighed; `cache` keeps decoded faces and their vectors.
    """
    embedder = Embedder.load()
    shipped = VectorSet.load(VECTORS_FILE, embedder.version)
    impostors = Impostors.load(IMPOSTORS_FILE, embedder.version)
    if shipped is None or impostors is None:
        raise typer.BadParameter("the weights, vectors and impostors don't belong together")
    faces = load_faces(data, cache)
    rows = [
        i
        for i, (face, role) in enumerate(zip(faces.faces, roles_of(faces, data), strict=True))
        if (face.folder == "varied" and role != "reserved" if trained_on else role == "fan")
    ]
    name = "varied" if trained_on else "fan"
    vectors = _kept(cache / f"{name}-{embedder.version}.npy", embedder, faces, rows)
    labels = [faces.faces[i].identity for i in rows]
    groups = near_duplicate_groups([faces.faces[i].phash for i in rows])
    seen = [i for i, label in enumerate(labels) if reports(label) == reporting]
    count = Counter(labels[i] for i in seen)
    own_ids = frozenset(label for label in count if count[label] >= FEWEST)
    namer = Namer.load()
    series = {c.id: c.series for c in namer.gallery.characters}
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
    return World(
        [*labels, *(data_set.labels[i] for i in posted)],
        [*groups, *range(10**6, 10**6 + len(posted))],
        np.concatenate([vectors, data_set.vectors[posted]]),
        [i for i in seen if labels[i] in own_ids],
        list(range(len(rows), len(rows) + len(posted))),
        namer,
        data_set,
        series,
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


def draw_server(world: World, seed: int, characters: int, least: int = 0) -> Server:
    """Draw what is taught, posted and tested; no near-duplicates on two sides.

    The server has so many `characters` of its own, each with at `least` so many pictures.
    """
    rng = np.random.default_rng(seed)
    groups: dict[str, dict[int, int]] = defaultdict(dict)
    for i in world.own:
        groups[world.labels[i]].setdefault(world.groups[i], i)
    many = sorted(key for key, own in groups.items() if len(own) >= least)
    chosen = sorted(rng.choice(many, characters, replace=False).tolist())
    taught: dict[str, int] = {}
    posted: list[int] = []
    tested: list[int] = []
    for label in chosen:
        rows = [int(i) for i in rng.permutation(list(groups[label].values()))]
        taught[label] = rows[0]
        kept = 1 + round(TESTED * (len(rows) - 1))
        tested += rows[1:kept]
        posted += rows[kept:]
    # One in three pictures shows somebody of the shipped roster.
    posted += [int(i) for i in rng.permutation(world.others)[: len(posted) // 2]]
    return Server(taught, [int(i) for i in rng.permutation(posted)], tested)


class Simulation:
    """One server with its voters, from the first picture taught to the last vote."""

    def __init__(
        self, world: World, crowd: Crowd, seed: int, characters: int, least: int = 0
    ) -> None:
        self.world = world
        self.server = draw_server(world, seed, characters, least)
        self.rng = np.random.default_rng((seed, 7))
        names = [c.id for c in world.namer.gallery.characters]
        self.members = crowd.members([*self.server.taught, *names], self.rng)
        self.roster = ServerRoster(
            world.namer.gallery.characters,
            [
                ServerCharacter(label, label, world.series.get(label, ""))
                for label in self.server.taught
            ],
        )
        self.taught = [
            Example(world.vectors[row], label, True, n + 1, -n - 1)
            for n, (label, row) in enumerate(self.server.taught.items())
        ]
        self.votes: dict[int, list[Vote]] = defaultdict(list)
        self.seen: dict[int, FaceObservation] = {}
        self.head: Gallery | None = None
        self.trained_on: set[int] = set()
        self.learned_from = 0

    def label(self, row: int) -> str:
        """Return the truth."""
        return self.world.labels[row]

    def settled(self) -> list[Example]:
        """Return the faces whose labels are settled by the votes so far."""
        ballots: dict[int, list[Ballot]] = {}
        for row, votes in self.votes.items():
            ballots |= ballots_of([self.seen[row]], votes, set(), self.roster.resolve)
        reliabilities = learn_reliabilities(ballots.values())
        verdicts = {row: decide(found, reliabilities) for row, found in ballots.items()}
        return hold_out(
            Example(self.world.vectors[row], verdict.label.character_id or None, False, row, row)
            for row, verdict in verdicts.items()
            if verdict.state == "settled" and verdict.label is not None
        )

    def gallery(
        self,
        settled: Sequence[Example],
        weights: PriorWeights = PRIOR_WEIGHTS,
        *,
        tune: bool = True,
    ) -> Gallery:
        """Return what answers now, by some weights of the priors of who is posted.

        `tune`: held against the impostors to fit on.
        """
        newer = [e for e in settled if e.source_id not in self.trained_on]
        examples = [*self.taught, *settled]
        made = server_gallery(
            self.world.namer.gallery, self.roster, examples, newer, self.head,
            self._seen(settled), weights,
        )  # fmt: skip
        return tuned(made, self.world.namer, self.world.fitting) if tune else made

    def _seen(self, settled: Sequence[Example]) -> list[Seen]:
        return [Seen(e.character_id, 0.0) for e in settled if e.character_id is not None]

    def learn(self, settled: Sequence[Example]) -> Decision:
        """Train as `moedex learn` does; say whether the new version answers, and why."""
        examples = [*self.taught, *settled]
        shipped = self.world.namer.gallery
        measured = [e for e in settled if not e.held_out]
        seen = self._seen(settled)
        first = server_gallery(shipped, self.roster, [*self.taught, *measured], seen=seen)
        trained = train_and_decide(
            self.world.namer, self.world.shipped, examples, self.roster, self.world.fitting,
            first if self.head is None else self.gallery(measured), first, seen=seen,
            learned_from=self.learned_from,
        )  # fmt: skip
        if trained is None:
            raise RuntimeError("what was taught is always there to train on")
        head, decision = trained
        if decision.promote:
            self.head = head
            self.trained_on = {e.source_id for e in settled}
            self.learned_from = len(examples)
        return decision

    def post(self, row: int, gallery: Gallery) -> None:
        """Let the bot answer a picture."""
        (naming,) = self.world.namer.name(self.world.vectors[[row]], gallery)
        self.seen[row] = answered(row, naming)

    def vote(self, row: int) -> int:
        """Let a few more members vote on a picture; return how many votes came."""
        count = int(self.rng.integers(VOTES_A_FACE[0], VOTES_A_FACE[1] + 1))
        voted = {vote.user_id for vote in self.votes[row]}
        free = [m for m in self.members if m.user_id not in voted]
        activity = np.array([m.activity for m in free])
        chosen = self.rng.choice(
            len(free), min(count, len(free)), replace=False, p=activity / activity.sum()
        )
        voters: list[Member] = [free[i] for i in chosen]
        self.votes[row] += [m.vote(self.seen[row], self.label(row), self.rng) for m in voters]
        return len(voters)


def answered(row: int, naming: Naming) -> FaceObservation:
    """Return the observation of a picture that the bot answered."""
    return FaceObservation(
        id=row, server_id=1, channel_id=1, reply_id=row, face_index=0, hidden=False,
        at=datetime.now(UTC), box=Box(0, 0, 1, 1), tier=naming.tier,
        guesses=tuple(
            StoredGuess(g.character.id, g.character.name, g.character.series, g.probability)
            for g in naming.guesses
        ),
    )  # fmt: skip
