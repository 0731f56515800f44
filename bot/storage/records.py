"""What the storage hands out and takes in: frozen records, no rows, no sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

VoteKind = Literal["yes", "no", "is", "not_a_face", "ignore"]
"""What a vote says: the best name is right, is wrong, "it is X", not a face, leave it out."""

WITHDRAWN = "withdrawn"
"""The kind of an event that takes a vote back."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server's moderators set; the defaults are those of a server that set nothing.

    `threshold` is a probability, 0 to 1; None takes the configuration's or the model's own.
    `guesses` is how many names are shown a face. `ephemeral` is about the message menu's answer.
    `on_all_unknown` says what a watched channel gets if no face has a known name. `learning` is
    whether pictures, crops and vectors may be kept, `sharing` whether names and vectors may train
    the heads of other servers. `labeller_role` decides labels at once.
    """

    server_id: int
    threshold: float | None = None
    guesses: int = 5
    ephemeral: bool = True
    on_all_unknown: Literal["answer", "quiet"] = "answer"
    learning: bool = False
    sharing: bool = False
    labeller_role: int | None = None


@dataclass(frozen=True, slots=True)
class AnsweredPicture:
    """One picture of an answer: its file name, hashes and faces.

    `phash` and `sha256` are hexadecimal. A face is a JSON object: `box` [x0, y0, x1, y1] in
    pixels, `score`, `unknown`, `guesses` [{`id`, `name`, `series`, `probability`}].
    """

    name: str
    phash: str
    sha256: str
    faces: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer the bot gave. Ids are Discord's; `server_id` is None in a DM; `at` is in UTC.

    `prompt_id` is the message that asked; None where a command did, or where it was not kept.
    """

    reply_id: int
    source_message_id: int
    channel_id: int
    server_id: int | None
    asker_id: int
    pictures: tuple[AnsweredPicture, ...]
    model_version: str
    at: datetime
    prompt_id: int | None = None

    @property
    def faces(self) -> tuple[dict[str, Any], ...]:
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


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote that stands: the last one of a user about a face that was not taken back.

    `face_index` counts in `Answer.faces`; None is the answer as a whole (a reaction). `value` is
    the character's id or name of an "is" vote, else empty.
    """

    reply_id: int
    face_index: int | None
    user_id: int
    kind: VoteKind
    value: str
    at: datetime
