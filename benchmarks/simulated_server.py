"""A server whose members vote on the faces of new characters, as the bot would keep it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.faces import faces_of, gallery_of
from benchmarks.voters import Crowd, Member
from bot.feedback.ballots import ballots_of
from bot.feedback.consensus import decide, learn_reliabilities
from bot.gallery.roster import ServerRoster
from bot.storage.records import FaceObservation, ServerCharacter, StoredGuess
from models.gallery.composition import server_gallery
from models.gallery.examples import Example, hold_out
from models.gallery.fitting import Trial
from models.gallery.namer import Namer
from models.gallery.posted import PRIOR_WEIGHTS, Seen
from models.gallery.promotion import Decision, train_and_decide
from models.gallery.training_vectors import VectorSet
from models.gallery.tuning import tuned
from models.training.galleries import SCORING, calibrated
from models.training.trained import class_weights
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.feedback.consensus import Ballot
    from bot.storage import Vote
    from models.gallery.gallery import Gallery
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Naming
    from models.gallery.posted import PriorWeights
    from models.types import Vectors

TESTED = 0.4
"""The share of a new character's groups that is only tested."""
VOTES_A_FACE = (3, 7)


@dataclass(frozen=True)
class World:
    """What is the same for every simulated server.

    `labels` and `groups` (near-duplicates) are those of the rows of `vectors`. `own` are rows of
    characters that the gallery has not got, `others` of shipped ones. `fitting` are impostors that
    servers' galleries are held against, None for none; `reporting` measure what comes of it.
    """

    labels: Sequence[str]
    groups: Sequence[int]
    vectors: Vectors
    own: Sequence[int]
    others: Sequence[int]
    namer: Namer
    shipped: VectorSet
    fitting: Impostors | None = None
    reporting: Impostors | None = None


@dataclass(frozen=True)
class Server:
    """One draw: what is taught, what is posted, what is only tested; rows of the samples."""

    taught: dict[str, int]
    posted: list[int]
    tested: list[int]


def make_world(data: Path, run: Path) -> World:
    """Build the shipped side from the training part; nothing of it has seen the new characters."""
    faces = faces_of(data, run)
    vectors = faces.vectors
    split = faces.split
    gallery = gallery_of(faces, vectors, class_weights(run))
    known = [i for i in split.known if faces.samples[i].group % 2 == 0]
    asked = [*known, *split.impostors, *split.no_face]
    truth = (*faces.labels(known), *([""] * (len(asked) - len(known))))
    namer = calibrated(gallery, Trial(vectors[asked], truth), SCORING)
    names = {c.id for c in gallery.characters}
    own = [i for i in (*split.train, *split.known) if faces.samples[i].label in names]
    shipped = VectorSet(
        vectors[own], tuple(faces.labels(own)), tuple(faces.samples[i].group for i in own)
    )
    labels = [sample.label for sample in faces.samples]
    groups = [sample.group for sample in faces.samples]
    # None of the shipped ones that are posted was calibrated on.
    others = [i for i in split.known if groups[i] % 2 == 1]
    return World(labels, groups, vectors, split.unseen, others, namer, shipped)


def draw_server(world: World, seed: int, characters: int | None = None) -> Server:
    """Draw what is taught, posted and tested; no near-duplicates on two sides.

    The server has so many `characters` of its own; None for all there are.
    """
    rng = np.random.default_rng(seed)
    groups: dict[str, dict[int, int]] = defaultdict(dict)
    for i in world.own:
        groups[world.labels[i]].setdefault(world.groups[i], i)
    chosen = sorted(groups)
    if characters is not None:
        chosen = sorted(rng.choice(chosen, characters, replace=False).tolist())
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
        self, world: World, crowd: Crowd, seed: int, characters: int | None = None
    ) -> None:
        self.world = world
        self.server = draw_server(world, seed, characters)
        self.rng = np.random.default_rng((seed, 7))
        names = [c.id for c in world.namer.gallery.characters]
        self.members = crowd.members([*self.server.taught, *names], self.rng)
        self.roster = ServerRoster(
            world.namer.gallery.characters,
            [ServerCharacter(label, label, "Own") for label in self.server.taught],
        )
        self.taught = [
            Example(world.vectors[row], label, True, n + 1, -n - 1)
            for n, (label, row) in enumerate(self.server.taught.items())
        ]
        self.votes: dict[int, list[Vote]] = defaultdict(list)
        self.seen: dict[int, FaceObservation] = {}
        self.head: Gallery | None = None
        self.trained_on: set[int] = set()

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

    def gallery(self, settled: Sequence[Example], weights: PriorWeights = PRIOR_WEIGHTS) -> Gallery:
        """Return what answers now, by some weights of the priors of who is posted."""
        newer = [e for e in settled if e.source_id not in self.trained_on]
        examples = [*self.taught, *settled]
        made = server_gallery(
            self.world.namer.gallery, self.roster, examples, newer, self.head,
            self._seen(settled), weights,
        )  # fmt: skip
        return tuned(made, self.world.namer, self.world.fitting)

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
        )  # fmt: skip
        if trained is None:
            raise RuntimeError("what was taught is always there to train on")
        head, decision = trained
        if decision.promote:
            self.head = head
            self.trained_on = {e.source_id for e in settled}
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
