"""What the storage hands out and takes in: frozen records, no rows, no sessions."""

from bot.storage.records.answers import ON_THE_SITE, Answer, AnsweredPicture, AnswerPlace
from bot.storage.records.api_keys import ApiKey
from bot.storage.records.enrolled import (
    Centroid,
    EnrolledSample,
    Enrolment,
    EnrolmentSummary,
)
from bot.storage.records.exemplars import Exemplar, ExemplarSource, NewExemplar, posted_in
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
    LabelledCrop,
    LabelState,
)
from bot.storage.records.outbox import OutboxEntry
from bot.storage.records.proposals import (
    Alias,
    Forget,
    GalleryChange,
    GalleryEdit,
    Merge,
    Proposal,
    ProposalState,
    Rename,
    TeachCharacter,
)
from bot.storage.records.sessions import NewSession, Session
from bot.storage.records.settings import ServerSettings
from bot.storage.records.versions import ModelVersion, SourceKind, TrainingReport, VersionState
from bot.storage.records.votes import Vote, VoteEvent, VoteKind, VoteSource

__all__ = [
    "IGNORED",
    "NOT_A_FACE",
    "ON_THE_SITE",
    "ActionKind",
    "Alias",
    "Answer",
    "AnswerPlace",
    "AnsweredFace",
    "AnsweredPicture",
    "ApiKey",
    "Centroid",
    "CharacterState",
    "EnrolledSample",
    "Enrolment",
    "EnrolmentSummary",
    "Exemplar",
    "ExemplarSource",
    "FaceLabel",
    "FaceObservation",
    "Forget",
    "GalleryAction",
    "GalleryChange",
    "GalleryEdit",
    "Label",
    "LabelChange",
    "LabelKind",
    "LabelState",
    "LabelledCrop",
    "LearnedAnswer",
    "LearnedFace",
    "Merge",
    "ModelVersion",
    "NewExemplar",
    "NewSession",
    "OutboxEntry",
    "Proposal",
    "ProposalState",
    "Rename",
    "ServerCharacter",
    "ServerSettings",
    "Session",
    "SettledFace",
    "SourceKind",
    "StoredGuess",
    "TeachCharacter",
    "TrainingReport",
    "VersionState",
    "Vote",
    "VoteEvent",
    "VoteKind",
    "VoteSource",
    "posted_in",
]
