"""How far along a server's labels are, and how far its labellers agree."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from bot.feedback.ballots import ballots_of
from models.gallery.agreement import cohen_kappa, fleiss_kappa

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.labelling.labeller import Labeller
    from bot.storage import Storage, Vote
    from bot.storage.records import FaceObservation

FEWEST: Final = 5
"""Faces that several people must have named before a kappa is told."""
MOST: Final = 20
"""People of whom pairs are told: those who said most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members, the faces that both named, and Cohen's kappa: None where all are the same."""

    first: int
    second: int
    faces: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who named how many faces, and how far they agree; of the faces that somebody may see.

    `kappa` is Fleiss', of the `faces` that several named; None where they are few, or all the same.
    """

    by: tuple[tuple[int, int], ...]
    faces: int
    kappa: float | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many crops there are by state."""

    open: int
    disputed: int
    settled: int

    @property
    def share(self) -> float:
        """The settled part, 0 to 1."""
        return self.settled / max(1, self.open + self.disputed + self.settled)


class LabelFigures:
    """Counts the labels of all servers. `roster` gives a server's characters."""

    def __init__(self, storage: Storage, roster: Callable[[int], Awaitable[ServerRoster]]) -> None:
        self._storage = storage
        self._roster = roster

    async def progress(self, labeller: Labeller) -> Progress:
        """Count the crops that a labeller may see."""
        crops, where = self._storage.labelled_crops, (labeller.server_id, labeller.channels)
        return Progress(
            await crops.count(*where, "open"),
            await crops.count(*where, "disputed"),
            await crops.count(*where, "settled"),
        )

    async def agreement(self, labeller: Labeller) -> Agreement:
        """Say how far those who named faces agree, in chat and on the site."""
        server_id = labeller.server_id
        votes = await self._storage.votes.in_server(server_id)
        faces = await self._storage.faces.voted_on(server_id, labeller.channels)
        roster = await self._roster(server_id)
        return await asyncio.to_thread(_agreement, faces, votes, roster)


def _agreement(
    faces: Sequence[FaceObservation], votes: Mapping[int, Sequence[Vote]], roster: ServerRoster
) -> Agreement:
    said = _said(faces, votes, roster)
    by = Counter(user for labels in said for user in labels)
    several = [Counter(labels.values()) for labels in said if len(labels) > 1]
    pairs: list[Pair] = []
    for first, second in combinations([user for user, _ in by.most_common(MOST)], 2):
        both = [(s[first], s[second]) for s in said if first in s and second in s]
        if len(both) >= FEWEST:
            kappa = cohen_kappa([a for a, _ in both], [b for _, b in both])
            pairs.append(Pair(first, second, len(both), kappa))
    return Agreement(
        tuple(by.most_common()),
        len(several),
        fleiss_kappa(several) if len(several) >= FEWEST else None,
        tuple(sorted(pairs, key=lambda pair: -pair.faces)),
    )


def _said(
    faces: Sequence[FaceObservation], votes: Mapping[int, Sequence[Vote]], roster: ServerRoster
) -> list[dict[int, str]]:
    """Return, of each face, who says what: a character's id, or another kind of label."""
    answers: dict[int, list[FaceObservation]] = defaultdict(list)
    for face in faces:
        if face.reply_id in votes:
            answers[face.reply_id].append(face)
    found: list[dict[int, str]] = []
    for reply_id, own in answers.items():
        for ballots in ballots_of(own, votes[reply_id], set(), roster.resolve).values():
            labels = {
                ballot.user_id: ballot.label.character_id or f"!{ballot.label.kind}"
                for ballot in ballots
                if not ballot.against
            }
            if labels:
                found.append(labels)
    return found
