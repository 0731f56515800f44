"""What members say of the faces of an answer, as it stands: what the answer itself shows of it.

It is not learned from: what is learned is the label (`bot.feedback.labels`), which one member's
word does not settle. Where the server learns, what was said of another copy of the same picture
counts too, so that a picture that is posted again is answered as it was corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.feedback.ballots import pooled
from bot.feedback.consensus import Ballot, decide
from bot.inference.settled import SAME_BOX
from bot.storage.records import FaceObservation
from models.detection.boxes import iou

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.feedback.duplicates import NearDuplicates
    from bot.feedback.labels import Labelling
    from bot.storage.faces import FaceRepository
    from bot.storage.records import Answer, Label
    from models.types import Box


@dataclass(frozen=True, slots=True)
class Standing:
    """What members say of one face.

    `label` is the settled or leading label, None where they only say who it is not; `voters` are
    those who say so, of a moderator's decision the moderator alone.
    """

    state: Literal["open", "settled", "disputed"]
    label: Label | None
    voters: tuple[int, ...]


class Standings:
    """Finds what members say of faces, in all servers."""

    def __init__(
        self, faces: FaceRepository, duplicates: NearDuplicates, labelling: Labelling
    ) -> None:
        self._faces = faces
        self._duplicates = duplicates
        self._labelling = labelling

    async def of(self, answer: Answer) -> list[Standing | None]:
        """Return what is said of each face of an answer; None where nobody said anything."""
        # Of a DM, or where the author opted out, nothing is recorded; the answer shows it still.
        faces = await self._faces.by_reply(answer.reply_id) or _observed(answer)
        pools = await self._labelling.pools(faces)
        return [
            self._standing(face.server_id, ballots)
            for face, (_, ballots) in zip(faces, pools, strict=True)
        ]

    async def again(
        self, server_id: int | None, pictures: Iterable[tuple[str, Sequence[Box]]]
    ) -> list[Standing | None]:
        """Return what was said of the faces of pictures that a server may have seen before.

        Each picture has its perceptual hash (hexadecimal) and its faces' boxes, in shares of its
        sides. Nothing is found where the server does not learn: no hash is kept there.
        """
        found: list[Standing | None] = []
        for phash, boxes in pictures:
            copies = [] if server_id is None else await self._copies(server_id, phash)
            for box in boxes:
                same = [face for face in copies if iou(face.box, box) >= SAME_BOX]
                pools = await self._labelling.pools(same)
                ballots = pooled(ballots for _, ballots in pools)
                found.append(self._standing(server_id or 0, ballots))
        return found

    async def _copies(self, server_id: int, phash: str) -> list[FaceObservation]:
        near = await self._duplicates.near(server_id, phash)
        return await self._faces.in_group(near[0][1]) if near else []

    def _standing(self, server_id: int, ballots: Sequence[Ballot]) -> Standing | None:
        if not ballots:
            return None
        verdict = decide(ballots, self._labelling.reliabilities(server_id))
        if verdict.decided_by is not None:
            return Standing(verdict.state, verdict.label, (verdict.decided_by,))
        by_time = sorted(ballots, key=lambda ballot: ballot.at)
        if verdict.label is None:
            return Standing(verdict.state, None, tuple(ballot.user_id for ballot in by_time))
        voters = tuple(
            ballot.user_id
            for ballot in by_time
            if ballot.label == verdict.label and not ballot.against
        )
        return Standing(verdict.state, verdict.label, voters)


def _observed(answer: Answer) -> list[FaceObservation]:
    """Return the faces of an answer of which nothing is recorded; no number is a recorded one's."""
    return [
        FaceObservation(
            box=face.box,
            guesses=face.guesses,
            tier=face.tier,
            id=-1 - index,
            server_id=answer.server_id or 0,
            channel_id=answer.channel_id,
            reply_id=answer.reply_id,
            face_index=index,
            hidden=True,
            at=answer.at,
        )
        for index, face in enumerate(answer.faces)
    ]
