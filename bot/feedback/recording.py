"""Records the faces of an answer, so that votes on it can label them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.storage.records import NewFaceObservation
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.feedback.duplicates import NearDuplicates
    from bot.feedback.labelling import Labelling
    from bot.inference import IdentifiedPicture
    from bot.privacy.erasure import Erasure
    from bot.storage import Answer, Storage
    from bot.storage.crops import CropStore
    from bot.storage.records import FaceObservation
    from models.images.hashing import HashIndex


class FaceRecorder:
    """Records the faces of answers in all servers."""

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        duplicates: NearDuplicates,
        labelling: Labelling,
        erasure: Erasure,
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._duplicates = duplicates
        self._labelling = labelling
        self._erasure = erasure
        self._grouping = asyncio.Lock()

    async def record_faces(
        self,
        answer: Answer,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        *,
        author_id: int,
        may_keep: bool,
    ) -> list[FaceObservation]:
        """Keep the faces of an answer to learn from; of a DM nothing.

        `pictures` are those of the answer in order, each with whether it is hidden (spoilered, or
        from an age-restricted channel). Crop and vector are kept where the server learns and
        `may_keep` (the picture is from the answer's own channel); of an author who opted out
        nothing is, so that votes on it label nothing either.
        """
        server_id = answer.server_id
        if server_id is None or not answer.pictures:
            return []
        if await self._storage.consents.opted_out(author_id):
            return []
        keep = may_keep and await self._may_keep(server_id, author_id)
        faces = [face for picture, _ in pictures for face in picture.faces]
        saved = await self._crops.save(server_id, [f.crop for f in faces]) if keep else []
        crops: list[str | None] = [*saved] if keep else [None] * len(faces)
        async with self._grouping:
            index = await self._duplicates.of(server_id)
            rows = _observations(answer, server_id, pictures, author_id, crops, index)
            try:
                kept = await self._storage.faces.add(rows)
            except BaseException:
                # The answer was deleted meanwhile: nothing of it may stay.
                await self._crops.delete(saved)
                raise
            finally:
                self._crops.recorded(saved)
            for observation in kept:
                if observation.group_id == observation.id:
                    index.add(observation.id, observation.phash)
        if keep and not await self._may_keep(server_id, author_id):
            # Learning was switched off, or the author opted out, after the crops were taken.
            await self._storage.faces.strip_answer(answer.reply_id)
            self._erasure.sweep_soon()
        if any(s.group_id != s.id for s in kept) or await self._storage.votes.for_answer(
            answer.reply_id
        ):
            await self._labelling.judge(answer.reply_id, "the same picture, or early votes")
        return kept

    async def _may_keep(self, server_id: int, author_id: int) -> bool:
        learns = (await self._storage.settings.get(server_id)).learning
        return learns and not await self._storage.consents.opted_out(author_id)


def _observations(
    answer: Answer,
    server_id: int,
    pictures: Sequence[tuple[IdentifiedPicture, bool]],
    author_id: int,
    crops: Sequence[str | None],
    index: HashIndex,
) -> list[NewFaceObservation]:
    rows: list[NewFaceObservation] = []
    now = datetime.now(UTC)
    for picture, hidden in pictures:
        near = index.within(picture.phash)
        for face in picture.faces:
            box = face.face.box
            crop = crops[len(rows)]
            rows.append(
                NewFaceObservation(
                    server_id=server_id,
                    channel_id=answer.channel_id,
                    message_id=answer.source_message_id,
                    reply_id=answer.reply_id,
                    face_index=len(rows),
                    author_id=author_id,
                    phash=picture.phash,
                    box=Box(
                        box.x0 / picture.width,
                        box.y0 / picture.height,
                        box.x1 / picture.width,
                        box.y1 / picture.height,
                    ),
                    guesses=tuple(
                        {"id": g.character.id, "probability": round(g.probability, 4)}
                        for g in face.guesses
                    ),
                    unknown=face.unknown,
                    model_version=answer.model_version,
                    hidden=hidden,
                    at=now,
                    group_id=near[0][1] if near else None,
                    crop=crop,
                    vector=face.vector if crop else None,
                    backbone=picture.backbone if crop else None,
                )
            )
    return rows
