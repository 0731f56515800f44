"""Keeps answers with one face each, recorded as a server that learns keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage import Answer, AnsweredPicture
from bot.storage.records import AnsweredFace, LearnedAnswer, LearnedFace
from models.types import Box, Tier

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage import Storage
    from bot.storage.records import FaceObservation, StoredGuess
    from models.types import Vector

BOX = Box(0.1, 0.1, 0.5, 0.6)


def answer_with_face(
    reply_id: int,
    server_id: int,
    at: datetime,
    guesses: tuple[StoredGuess, ...] = (),
    *,
    tier: Tier = Tier.NOT_KNOWN,
) -> Answer:
    """Return an answer in channel 3 that shows one face."""
    picture = AnsweredPicture("a.png", (AnsweredFace(box=BOX, guesses=guesses, tier=tier),))
    return Answer(reply_id, reply_id + 1000, 3, server_id, (picture,), "m1", at)


async def record_face(
    storage: Storage,
    answer: Answer,
    *,
    phash: str | None = None,
    group_id: int | None = None,
    vector: Vector | None = None,
    backbone: str | None = None,
    crop: str | None = None,
    author_id: int = 5,
    hidden: bool = False,
) -> FaceObservation:
    """Keep an answer, and record its face."""
    await storage.answers.add(answer)
    face = LearnedFace(phash or f"{answer.reply_id:016x}", group_id, crop, vector, backbone)
    (recorded,) = await storage.faces.record(
        answer.reply_id, [hidden], LearnedAnswer(author_id, author_id, (face,))
    )
    return recorded
