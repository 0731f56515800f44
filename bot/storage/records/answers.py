"""An answer and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.records.faces import AnsweredFace

ON_THE_SITE: Final = 0
"""The channel of an answer to a picture that was handed in on the site, for a server's labellers.

No message carries such an answer; its `reply_id` is below zero.
"""


@dataclass(frozen=True, slots=True)
class AnsweredPicture:
    """One picture of an answer: its file name, which tells a spoiler, and its faces."""

    name: str
    faces: tuple[AnsweredFace, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer the bot gave. Ids are Discord's; `server_id` is None in a DM; `at` is in UTC.

    `prompt_id` is the message that asked; None where a command did. Nobody is named in it: who
    asked and who posted is kept where the server learns only (`FaceRepository.record`).
    """

    reply_id: int
    source_message_id: int
    channel_id: int
    server_id: int | None
    pictures: tuple[AnsweredPicture, ...]
    model_version: str
    at: datetime
    prompt_id: int | None = None

    @property
    def faces(self) -> tuple[AnsweredFace, ...]:
        """The faces of all pictures in order; a vote's `face_index` counts in these."""
        return tuple(face for picture in self.pictures for face in picture.faces)


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """Where an answer and what it answers are, without what was said."""

    server_id: int
    channel_id: int
    source_message_id: int
    reply_id: int
    prompt_id: int | None
    at: datetime

    @property
    def answers_to(self) -> set[int]:
        """The messages with which the answer goes: the picture's, and the one that asked."""
        return {self.source_message_id, self.prompt_id or self.source_message_id}
