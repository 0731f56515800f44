"""What the storage hands out and takes in: frozen records, no rows, no sessions."""

from bot.storage.records.answers import Answer, AnsweredPicture, AnswerPlace
from bot.storage.records.enrolled import (
    Centroid,
    EnrolledCharacter,
    EnrolledSample,
    Enrolment,
    EnrolmentSummary,
)
from bot.storage.records.exemplars import Exemplar, ExemplarSource, NewExemplar
from bot.storage.records.faces import (
    AnsweredFace,
    FaceObservation,
    LearnedAnswer,
    LearnedFace,
    SettledFace,
    StoredGuess,
)
from bot.storage.records.galleries import ActionKind, CharacterState, GalleryAction, ServerCharacter
from bot.storage.records.labels import (
    IGNORED,
    NOT_A_FACE,
    FaceLabel,
    Label,
    LabelChange,
    LabelKind,
    LabelState,
)
from bot.storage.records.proposals import Proposal, ProposalState
from bot.storage.records.settings import ServerSettings
from bot.storage.records.versions import ModelVersion, SourceKind, VersionState
from bot.storage.records.votes import Vote, VoteKind

__all__ = [
    "IGNORED",
    "NOT_A_FACE",
    "ActionKind",
    "Answer",
    "AnswerPlace",
    "AnsweredFace",
    "AnsweredPicture",
    "Centroid",
    "CharacterState",
    "EnrolledCharacter",
    "EnrolledSample",
    "Enrolment",
    "EnrolmentSummary",
    "Exemplar",
    "ExemplarSource",
    "FaceLabel",
    "FaceObservation",
    "GalleryAction",
    "Label",
    "LabelChange",
    "LabelKind",
    "LabelState",
    "LearnedAnswer",
    "LearnedFace",
    "ModelVersion",
    "NewExemplar",
    "Proposal",
    "ProposalState",
    "ServerCharacter",
    "ServerSettings",
    "SettledFace",
    "SourceKind",
    "StoredGuess",
    "VersionState",
    "Vote",
    "VoteKind",
]
