"""A member's word on who a face is: a vote on each face in question, or a proposal.

A correction passes the same admission as a question. What comes of it is safe in the database when
`correct` returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import discord

from bot.errors import UserError
from bot.feedback.authority import MODERATORS_ONLY, may_label
from bot.feedback.labels import VOTES
from bot.feedback.review_queue import CLUSTER_WHY
from bot.feedback.subjects import FaceSubject
from bot.recognition.request import to_correct
from bot.storage.records import TeachCharacter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.feedback.review_queue import UnknownFaces
    from bot.feedback.subjects import Subject
    from bot.feedback.votes import Votes
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.teaching import Teaching
    from bot.recognition.service import RecognitionService
    from bot.storage import Answer, Storage, VoteKind

NO_LONGER_KEPT = "What this answer showed is no longer kept. Ask again for a new one."
DECIDED = "Those faces were decided, or erased, already."

Outcome = Literal["is", "new", "not_a_face", "ignore", "no", "proposed"]
"""What a correction came to: a known character, a new one, no name, or a proposal of a name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a member says: `is` a character's id, `new` a name, or that there is none to say.

    `no` is that the name which was given is wrong.
    """

    kind: Literal["is", "new", "not_a_face", "ignore", "no"]
    value: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What came of a choice. `name` is the character's; `vote` the kind of vote that was cast.

    `answer` is that of a single face, None where all of a cluster's faces were named.
    """

    outcome: Outcome
    name: str
    faces: int
    answer: Answer | None
    vote: VoteKind | None


@dataclass(frozen=True, slots=True)
class _Faces:
    """The faces in question, by reply and index, and the channels they come from."""

    places: Sequence[tuple[int, int]]
    origins: Collection[int]
    answer: Answer | None
    why: str


class Corrections:
    """Takes corrections in, of all servers."""

    def __init__(
        self,
        recognition: RecognitionService,
        storage: Storage,
        galleries: ServerGalleries,
        teaching: Teaching,
        votes: Votes,
        unknown_faces: UnknownFaces,
    ) -> None:
        self._recognition = recognition
        self._storage = storage
        self._galleries = galleries
        self._teaching = teaching
        self._votes = votes
        self._unknown_faces = unknown_faces

    async def correct(
        self, interaction: discord.Interaction, subject: Subject, choice: Choice
    ) -> Correction:
        """Cast a choice as a vote on each face of the subject. Raises UserError.

        A new name by somebody who may not label becomes a proposal, and no vote.
        """
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        decides = await may_label(interaction.user, self._storage.settings)
        faces = await self._faces(server_id, subject, decides=decides)
        await self._recognition.admit(to_correct(interaction, faces.origins))
        outcome: Outcome = choice.kind
        character_id = choice.value if choice.kind == "is" else ""
        vote: VoteKind = "is" if choice.kind == "new" else choice.kind
        if choice.kind == "new":
            if isinstance(subject, FaceSubject) and not decides:
                await self._propose(server_id, user_id, subject, choice)
                return Correction("proposed", choice.value, 1, faces.answer, None)
            character, _ = await self._teaching.teach(
                server_id, user_id, choice.value, choice.series, []
            )
            character_id = character.id
        for reply_id, face in faces.places:
            await self._votes.cast(
                reply_id,
                face,
                user_id,
                vote,
                character_id=character_id,
                decides=decides,
                why=faces.why,
            )
        roster = await self._galleries.roster(server_id)
        return Correction(outcome, roster.name(character_id), len(faces.places), faces.answer, vote)

    async def _faces(self, server_id: int, subject: Subject, *, decides: bool) -> _Faces:
        if isinstance(subject, FaceSubject):
            answer = await self._storage.answers.by_reply(subject.reply_id)
            # A face is its own server's to name, whatever a client says it pressed.
            here = answer is not None and (answer.server_id or 0) == server_id
            if answer is None or not here or subject.face >= len(answer.faces):
                raise UserError(NO_LONGER_KEPT)
            return _Faces([(subject.reply_id, subject.face)], {answer.channel_id}, answer, VOTES)
        if not decides:
            raise UserError(MODERATORS_ONLY)
        left = await self._unknown_faces.undecided(server_id, subject.cluster_id)
        if not left:
            raise UserError(DECIDED)
        return _Faces(
            [(face.reply_id, face.face_index) for face in left],
            {face.channel_id for face in left},
            None,
            CLUSTER_WHY.format(number=len(left)),
        )

    async def _propose(
        self, server_id: int, user_id: int, subject: FaceSubject, choice: Choice
    ) -> None:
        change = TeachCharacter(
            choice.value, choice.series, reply_id=subject.reply_id, face=subject.face
        )
        await self._teaching.propose(server_id, user_id, change)
