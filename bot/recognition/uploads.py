"""Pictures that are uploaded on the site, and what is said there of their faces.

Looking at one keeps nothing. A correction keeps it as a picture that was posted in a server is
kept, where that server learns: as an answer, though one without a message.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.recognition.admission import OPTED_OUT
from bot.recognition.corrections import Correction
from bot.recognition.record import answered_picture
from bot.storage.records import ON_THE_SITE, Answer, TeachCharacter

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.feedback.recording import FaceRecorder
    from bot.feedback.votes import Votes
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.teaching import Teaching
    from bot.inference import IdentifiedPicture, Job
    from bot.privacy.consent import Consent
    from bot.recognition.corrections import Choice
    from bot.recognition.pipeline import Pipeline
    from bot.storage import Storage, VoteKind

NOT_LEARNING = (
    "This server does not learn, so nothing is kept of your picture, and nobody is taught. A "
    "moderator can change that with `/learning on`."
)
NO_SUCH_FACE = "There is no such face in that picture any more: look at it again."
NOBODY = "There is no character of that id here."


@dataclass(frozen=True, slots=True)
class Uploader:
    """A member of a server who uploads; `decides` as moderators and labellers do."""

    server_id: int
    user_id: int
    decides: bool


class Uploads:
    """Looks at uploads, and takes in what is said of them, of all servers."""

    def __init__(
        self,
        storage: Storage,
        pipeline: Pipeline,
        consent: Consent,
        recorder: FaceRecorder,
        teaching: Teaching,
        votes: Votes,
        galleries: ServerGalleries,
    ) -> None:
        self._storage = storage
        self._pipeline = pipeline
        self._consent = consent
        self._recorder = recorder
        self._teaching = teaching
        self._votes = votes
        self._galleries = galleries
        # The same picture twice at once would be kept anew, and lose the vote between.
        self._keeping = asyncio.Lock()

    async def identify(
        self, data: bytes, name: str, job: Job, server_id: int | None
    ) -> IdentifiedPicture:
        """Name the faces of a picture as a server knows them; None as a direct message does.

        Raises PictureError and InferenceError.
        """
        settings = await self._storage.settings.get(server_id or 0)
        return await self._pipeline.identify(data, name, job, server_id, settings)

    async def correct(
        self, who: Uploader, picture: IdentifiedPicture, face: int, choice: Choice
    ) -> Correction:
        """Take a word on one face of a picture in, as a vote; `face` counts from 0.

        A new name by somebody who does not decide becomes a proposal, and no vote. What is said is
        safe in the database when this returns. Raises UserError where nothing may be kept.
        """
        await self.check(who)
        if face >= len(picture.faces):
            raise UserError(NO_SUCH_FACE)
        roster = await self._galleries.roster(who.server_id)
        if choice.kind == "is" and roster.resolve(choice.value) is None:
            raise UserError(NOBODY)
        answer = await self.keep(who, picture)
        if choice.kind == "new" and not who.decides:
            change = TeachCharacter(
                choice.value, choice.series, reply_id=answer.reply_id, face=face
            )
            await self._teaching.propose(who.server_id, who.user_id, change)
            return Correction("proposed", choice.value, 1, answer, None)
        character_id = choice.value if choice.kind == "is" else ""
        vote: VoteKind = "is" if choice.kind == "new" else choice.kind
        if choice.kind == "new":
            character, _ = await self._teaching.teach(
                who.server_id, who.user_id, choice.value, choice.series, []
            )
            character_id = character.id
        await self._votes.cast(
            answer.reply_id, face, who.user_id, vote,
            character_id=character_id, decides=who.decides, source="site",
        )  # fmt: skip
        roster = await self._galleries.roster(who.server_id)
        return Correction(choice.kind, roster.name(character_id), 1, answer, vote)

    async def check(self, who: Uploader) -> None:
        """Raise UserError where nothing of somebody's pictures may be kept in a server."""
        if await self._consent.opted_out(who.user_id):
            raise UserError(OPTED_OUT["correct"])
        if not await self._consent.learns_from(who.server_id, who.user_id):
            raise UserError(NOT_LEARNING)

    async def known(self, who: Uploader, hashes: Collection[str]) -> set[str]:
        """Return those SHA-256 (hexadecimal) whose pictures are kept from somebody already."""
        return {
            each
            for each in hashes
            if await self._storage.answers.by_reply(_number(who, each)) is not None
        }

    async def keep(self, who: Uploader, picture: IdentifiedPicture) -> Answer:
        """Keep a picture of somebody's once, so that votes can be cast on its faces.

        Where nothing may be kept (`check`), nothing is learned from it.
        """
        number = _number(who, picture.sha256)
        async with self._keeping:
            kept = await self._storage.answers.by_reply(number)
            if kept is not None and len(kept.faces) == len(picture.faces):
                return kept
            answer = Answer(
                reply_id=number,
                source_message_id=number,
                channel_id=ON_THE_SITE,
                server_id=who.server_id,
                pictures=(answered_picture(picture.name, picture),),
                model_version=self._pipeline.model_version,
                at=datetime.now(UTC),
            )
            await self._storage.answers.add(answer)
            await self._recorder.record_faces(
                answer, [(picture, False)], asker_id=who.user_id, author_id=who.user_id, own=True
            )
        return answer


def _number(who: Uploader, sha256: str) -> int:
    """Return the number of the answer that keeps a picture."""
    # No message of Discord has a number below zero.
    said = f"{who.server_id} {who.user_id} {sha256}".encode()
    return -int.from_bytes(hashlib.sha256(said).digest()[:7])
