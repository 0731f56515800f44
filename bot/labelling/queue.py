"""What waits for a labeller, most useful first, each with why it was chosen.

Disputed faces come first: a moderator's word settles what votes can't. Then who is new: a name that
a member proposed, and guesses at the server's own characters of whom little is known. Then clusters
of unknown faces, where one answer names many. Then the faces whose best guess is the least certain.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.feedback.labels import same_face
from bot.storage.records import TeachCharacter
from bot.storage.waiting_faces import Asked
from models.types import percent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from bot.feedback.review_queue import UnknownFaces
    from bot.gallery.roster import ServerRoster
    from bot.labelling.labeller import Labeller
    from bot.storage import Storage
    from bot.storage.records import FaceObservation, Vote

Reason = Literal["disputed", "new", "cluster", "uncertain"]

FEW = 5
"""Settled faces below which one of a server's own characters counts as new."""
_SPECIAL = {"not_a_face": "that it is no face", "ignore": "that it should be left alone"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A face that waits: why, in a word and in a sentence.

    `proposal` is the number of what a member proposed about it, with the `proposed` name and
    series; `more` counts the faces like it that wait in the same cluster.
    """

    face: FaceObservation
    reason: Reason
    why: str
    proposal: int | None = None
    proposed: tuple[str, str] = ("", "")
    more: int = 0


class LabelQueue:
    """The review queue as the site shows it. `roster` gives a server's characters."""

    def __init__(
        self,
        storage: Storage,
        unknown_faces: UnknownFaces,
        roster: Callable[[int], Awaitable[ServerRoster]],
    ) -> None:
        self._storage = storage
        self._unknown_faces = unknown_faces
        self._roster = roster

    async def next(self, labeller: Labeller, most: int, besides: Iterable[int]) -> list[Waiting]:
        """Return what waits, at most `most`, besides the faces of these numbers."""
        asked = Asked(labeller.server_id, labeller.channels, labeller.user_id)
        roster = await self._roster(labeller.server_id)
        left_out = set(besides)
        found: list[Waiting] = []
        for part in (self._disputed, self._proposed, self._new, self._clusters, self._uncertain):
            # Those that are left out may all stand in front.
            for waiting in await part(asked, roster, most + len(left_out)):
                face = waiting.face
                if face.id in left_out or any(same_face(face, other.face) for other in found):
                    continue
                left_out.add(face.id)
                found.append(waiting)
                if len(found) == most:
                    return found
        return found

    async def progress(self, labeller: Labeller) -> tuple[int, int]:
        """Return how many faces that the labeller may see wait, and how many are settled."""
        asked = Asked(labeller.server_id, labeller.channels, labeller.user_id)
        waiting = await self._storage.waiting_faces.count(asked)
        settled = await self._storage.labelled_crops.count(
            labeller.server_id, labeller.channels, "settled"
        )
        return waiting, settled

    async def _disputed(self, asked: Asked, roster: ServerRoster, most: int) -> list[Waiting]:
        found: list[Waiting] = []
        for face in await self._storage.waiting_faces.disputed(asked, most):
            votes = await self._storage.votes.for_answer(face.reply_id)
            own = [vote for vote in votes if vote.face_index in (None, face.face_index)]
            found.append(Waiting(face, "disputed", _disagreement(face, own, roster)))
        return found

    async def _proposed(self, asked: Asked, _: ServerRoster, most: int) -> list[Waiting]:
        found: list[Waiting] = []
        for proposal in await self._storage.proposals.waiting(asked.server_id):
            change = proposal.change
            if not isinstance(change, TeachCharacter) or change.reply_id is None:
                continue
            faces = await self._storage.faces.by_reply(change.reply_id)
            face = next((each for each in faces if each.face_index == change.face), None)
            if face is None or not face.crop or face.channel_id not in asked.channels:
                continue
            label = await self._storage.labels.get(face.id)
            if label is not None and label.state == "settled":
                continue
            why = f"A member says that this is “{change.name}”, who would be new here."
            named = (change.name, change.series)
            found.append(Waiting(face, "new", why, proposal.id, named))
        return found[:most]

    async def _new(self, asked: Asked, roster: ServerRoster, most: int) -> list[Waiting]:
        own = {row.id for row in roster.changed.values() if row.own and row.state == "active"}
        if not own:
            return []
        settled = await self._storage.labels.settled_as(asked.server_id, own)
        new = {key for key in own if settled[key] < FEW}
        if not new:
            return []
        found: list[Waiting] = []
        for face in await self._storage.waiting_faces.guessed_as(asked, new, most):
            key = face.guesses[0].character_id
            known = f"{settled[key]} of {FEW}" if settled[key] else "none"
            why = f"{roster.name(key)} is new here: {known} of the first faces settled."
            found.append(Waiting(face, "new", why))
        return found

    async def _clusters(self, asked: Asked, _: ServerRoster, most: int) -> list[Waiting]:
        clusters = await self._unknown_faces.find(asked.server_id, asked.channels)
        return [
            Waiting(
                cluster[0],
                "cluster",
                f"Seen {len(cluster)} times, and nobody whom I know fits.",
                more=len(cluster) - 1,
            )
            for cluster in clusters[:most]
        ]

    async def _uncertain(self, asked: Asked, roster: ServerRoster, most: int) -> list[Waiting]:
        return [
            Waiting(face, "uncertain", _doubt(face, roster))
            for face in await self._storage.waiting_faces.least_certain(asked, most)
        ]


def _doubt(face: FaceObservation, roster: ServerRoster) -> str:
    if face.best is None:
        return "I have no guess."
    name = roster.name(face.best.character_id)
    return f"I am {percent(face.best.probability)} sure that it is {name}."


def _disagreement(face: FaceObservation, votes: Iterable[Vote], roster: ServerRoster) -> str:
    said: Counter[str] = Counter()
    best = roster.name(face.best.character_id) if face.best else "my best guess"
    for vote in votes:
        match vote.kind:
            case "is":
                said[f"{roster.name(vote.character_id)}"] += 1
            case "yes":
                said[best] += 1
            case "no":
                said[f"not {best}"] += 1
            case other:
                said[_SPECIAL[other]] += 1
    if not said:
        return "What members say of another copy of this picture disagrees."
    parts = [
        f"{count} {'says' if count == 1 else 'say'} {what}" for what, count in said.most_common()
    ]
    return f"The votes disagree: {', '.join(parts)}."
