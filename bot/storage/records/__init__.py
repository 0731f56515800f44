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
from bot.storage.records.faces import FaceObservation, NewFaceObservation, SettledFace
from bot.storage.records.galleries import ActionKind, CharacterState, GalleryAction, ServerCharacter
from bot.storage.records.labels import Label, LabelChange, LabelState
from bot.storage.records.proposals import Proposal, ProposalState
from bot.storage.records.settings import ServerSettings
from bot.storage.records.versions import ModelVersion, SourceKind, VersionState
from bot.storage.records.votes import WITHDRAWN, Vote, VoteKind

__all__ = [
    "WITHDRAWN",
    "ActionKind",
    "Answer",
    "AnswerPlace",
    "AnsweredPicture",
    "Centroid",
    "CharacterState",
    "EnrolledCharacter",
    "EnrolledSample",
    "Enrolment",
    "EnrolmentSummary",
    "Exemplar",
    "ExemplarSource",
    "FaceObservation",
    "GalleryAction",
    "Label",
    "LabelChange",
    "LabelState",
    "ModelVersion",
    "NewExemplar",
    "NewFaceObservation",
    "Proposal",
    "ProposalState",
    "ServerCharacter",
    "ServerSettings",
    "SettledFace",
    "SourceKind",
    "VersionState",
    "Vote",
    "VoteKind",
]
