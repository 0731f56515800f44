"""Records the faces of an answer, so that votes on it can label them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.storage.records import LearnedAnswer, LearnedFace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.feedback.duplicates import NearDuplicates
    from bot.feedback.labels import Labelling
    from bot.inference import IdentifiedPicture
    from bot.privacy.consent import Consent
    from bot.storage.crops import CropStore
    from bot.storage.faces import FaceRepository
    from bot.storage.records import Answer, FaceObservation
    from bot.storage.votes import VoteRepository


class FaceRecorder:
    """Records the faces of answers in all servers.

    `sweep_soon` removes what is left of something that was kept and must not be.
    """

    def __init__(
        self,
        faces: FaceRepository,
        votes: VoteRepository,
        crops: CropStore,
        duplicates: NearDuplicates,
        labelling: Labelling,
        consent: Consent,
        sweep_soon: Callable[[], None],
    ) -> None:
        self._faces = faces
        self._votes = votes
        self._crops = crops
        self._duplicates = duplicates
        self._labelling = labelling
        self._consent = consent
        self._sweep_soon = sweep_soon
        self._grouping = asyncio.Lock()

    async def record_faces(
        self,
        answer: Answer,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        *,
        asker_id: int,
        author_id: int,
        own: bool,
    ) -> list[FaceObservation]:
        """Let votes label the faces of an answer, and keep what the server learns from.

        `pictures` are those of the answer in order, each with whether it is hidden (spoilered, or
        from an age-restricted channel). Where the server learns, who asked and who posted is kept,
        the perceptual hash, and of its `own` pictures (not those that were posted elsewhere) crop
        and vector. Nothing is recorded of a DM, nor of an author who opted out, so that votes on
        it label nothing either.
        """
        server_id = answer.server_id
        if server_id is None or not answer.pictures or await self._consent.opted_out(author_id):
            return []
        hidden = [hidden for picture, hidden in pictures for _ in picture.faces]
        if not await self._consent.learns_from(server_id, author_id):
            faces = await self._faces.record(answer.reply_id, hidden)
        else:
            faces = await self._learn(
                server_id, answer, [picture for picture, _ in pictures], hidden,
                None if await self._consent.opted_out(asker_id) else asker_id, author_id, own=own,
            )  # fmt: skip
        if any(face.group != face.id for face in faces) or await self._votes.for_answer(
            answer.reply_id
        ):
            await self._labelling.judge(answer.reply_id, "the same picture, or early votes")
        return faces

    async def _learn(
        self,
        server_id: int,
        answer: Answer,
        pictures: Sequence[IdentifiedPicture],
        hidden: Sequence[bool],
        asker_id: int | None,
        author_id: int,
        *,
        own: bool,
    ) -> list[FaceObservation]:
        crops = [face.crop for picture in pictures for face in picture.faces]
        saved = await self._crops.save(server_id, crops) if own else []
        kept: list[FaceObservation] = []
        try:
            async with self._grouping:
                near = [await self._duplicates.near(server_id, each.phash) for each in pictures]
                groups = [found[0][1] if found else None for found in near]
                faces = _learned(pictures, groups, saved)
                kept = await self._faces.record(
                    answer.reply_id, hidden, LearnedAnswer(asker_id, author_id, faces)
                )
                for face in kept:
                    if face.group_id == face.id and face.phash is not None:
                        await self._duplicates.add(server_id, face.id, face.phash)
        finally:
            if not kept:  # the answer was deleted meanwhile: nothing of it may stay
                await self._crops.delete(saved)
            self._crops.recorded(saved)
        if not await self._consent.learns_from(server_id, author_id):
            # Learning was switched off, or the author opted out, after the crops were taken.
            await self._faces.forget_learned_answer(answer.reply_id)
            self._sweep_soon()
        return kept


def _learned(
    pictures: Sequence[IdentifiedPicture], groups: Sequence[int | None], saved: Sequence[str]
) -> tuple[LearnedFace, ...]:
    """Return what is kept of each face; `saved` are the crops' names, empty for no crops."""
    found: list[LearnedFace] = []
    for picture, group in zip(pictures, groups, strict=True):
        for face in picture.faces:
            crop = saved[len(found)] if saved else None
            found.append(
                LearnedFace(
                    picture.phash,
                    group,
                    crop,
                    face.vector if crop else None,
                    picture.backbone if crop else None,
                )
            )
    return tuple(found)
