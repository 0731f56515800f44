"""What the pages for labelling ask and are answered, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.feedback.review_queue import CLUSTER_WHY
from bot.labelling.desk import Choice, Said
from bot.storage.records import ON_THE_SITE, VoteKind
from web.asked import is_number

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.labelling.desk import Act
    from bot.labelling.queue import Waiting
    from bot.storage.records import FaceObservation
    from models.types import Character

MOST_AT_ONCE = 500
"""Faces that one request may name."""
Text = Annotated[str, StringConstraints(max_length=200)]
Number = Annotated[int, Field(ge=0, lt=2**63)]
"""A number of the database's."""


class Request(BaseModel):
    """What a page sends; a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Candidate(BaseModel):
    """A name that a face may have; `probability` is 0 to 1."""

    id: str
    name: str
    series: str
    probability: float


class Crop(BaseModel):
    """A crop: where it is, what it is called so far, and whether it is a spoiler."""

    id: int
    crop: str
    thumbnail: str
    hidden: bool
    name: str

    @classmethod
    def of(cls, face: FaceObservation, name: str) -> Self:
        """Say where a face's crop is."""
        where = f"/api/v1/label/{face.server_id}/faces/{face.id}"
        return cls(
            id=face.id,
            crop=f"{where}/crop",
            thumbnail=f"{where}/thumbnail",
            hidden=face.hidden,
            name=name,
        )


class Proposed(BaseModel):
    """What a member proposed to call a face."""

    proposal: int
    name: str
    series: str


class WaitingFace(Crop):
    """A face that waits, why, and what is known of it.

    `more` counts further faces of its cluster; `link` leads to the answer that it is in, of which
    `others` are the other faces; empty where no message carries it.
    """

    reason: Literal["disputed", "new", "cluster", "uncertain"]
    why: str
    guesses: list[Candidate]
    proposed: Proposed | None
    more: int
    at: datetime
    link: str
    others: list[Crop]

    @classmethod
    def waiting(
        cls, waiting: Waiting, others: list[FaceObservation], roster: ServerRoster
    ) -> WaitingFace:
        """Say all of a face that waits."""
        face = waiting.face
        proposed = None
        if waiting.proposal is not None:
            name, series = waiting.proposed
            proposed = Proposed(proposal=waiting.proposal, name=name, series=series)
        return cls(
            **Crop.of(face, best_name(face, roster)).model_dump(),
            reason=waiting.reason,
            why=waiting.why,
            guesses=candidates(face, roster),
            proposed=proposed,
            more=waiting.more,
            at=face.at,
            link="" if face.channel_id == ON_THE_SITE else _link_to(face),
            others=[Crop.of(other, best_name(other, roster)) for other in others],
        )


def _link_to(face: FaceObservation) -> str:
    return f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.reply_id}"


class Queue(BaseModel):
    """What waits, most useful first; how much waits in all, and how much is settled."""

    faces: list[WaitingFace]
    waiting: int
    settled: int


class Say(Request):
    """What is said of faces; `about` tells what they were to whoever said it, for the audit log."""

    faces: list[Number] = Field(min_length=1, max_length=MOST_AT_ONCE)
    kind: Literal["is", "new", "proposal", "not_a_face", "ignore"]
    value: Text = ""
    series: Text = ""
    about: Literal["a face", "a cluster", "a collection"] = "a face"

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.kind == "proposal" and not is_number(self.value):
            raise ValueError("a proposal is said by its number")
        return self

    @property
    def why(self) -> str:
        """What the audit log says more."""
        match self.about:
            case "a cluster":
                return CLUSTER_WHY.format(number=len(self.faces))
            case "a collection":
                return "moved"
            case "a face":
                return ""

    @property
    def choice(self) -> Choice:
        """The choice as the desk takes it."""
        return Choice(self.kind, self.value, self.series)


class SaidBefore(Request):
    """A vote that was given, and what the same person had said before (None: nothing)."""

    face: Number
    kind: VoteKind
    before: tuple[VoteKind, Text] | None = None

    @property
    def said(self) -> Said:
        """The same as the desk takes it."""
        return Said(self.face, self.kind, self.before)


class Undo(Request):
    """What takes an act back; a page gets it with the act, and sends it as it came."""

    said: list[SaidBefore] = Field(max_length=MOST_AT_ONCE)
    action: Number | None = None


class Done(BaseModel):
    """What was done: the name that the faces have now, and what takes it back.

    `gone` counts those of the faces that are no longer kept, or not to be seen any more.
    """

    name: str
    undo: Undo
    gone: int = 0

    @classmethod
    def of(cls, act: Act, *, gone: int) -> Self:
        """Say what was done."""
        said = [SaidBefore(face=s.face_id, kind=s.kind, before=s.before) for s in act.said]
        return cls(name=act.name, undo=Undo(said=said, action=act.action_id), gone=gone)


class Undone(BaseModel):
    """On how many faces something was taken back."""

    faces: int


class Name(BaseModel):
    """A character that somebody types the name of."""

    id: str
    name: str
    series: str
    native_name: str

    @classmethod
    def of(cls, character: Character) -> Self:
        """Say who it is."""
        return cls(
            id=character.id,
            name=character.name,
            series=character.series,
            native_name=character.native_name,
        )


class Names(BaseModel):
    """Characters that fit what is typed, best first."""

    names: list[Name]


class Event(BaseModel):
    """One line of a face's audit log: who did what, when."""

    at: datetime
    who: str
    what: str


class Log(BaseModel):
    """The audit log of a face, oldest first; `mine` is what stands of whoever asks."""

    events: list[Event]
    mine: VoteKind | None


def candidates(face: FaceObservation, roster: ServerRoster) -> list[Candidate]:
    """Return a face's guesses by the server's names, without the forgotten."""
    found: dict[str, Candidate] = {}
    for guess in face.guesses[:5]:
        key = roster.resolve(guess.character_id)
        if key is not None and key not in found:
            known = roster.characters[key]
            found[key] = Candidate(
                id=key, name=known.name, series=known.series, probability=guess.probability
            )
    return list(found.values())


def best_name(face: FaceObservation, roster: ServerRoster) -> str:
    """Return what a face was called, empty where it wasn't known."""
    return "" if face.unknown or face.best is None else roster.name(face.best.character_id)
