"""The tables, as SQLAlchemy sees them; a change here needs a migration beside it.

What hangs on a face or a version goes with it: the database cascades.
"""

from bot.storage.tables.answers import AnswerRow
from bot.storage.tables.api_keys import ApiKeyRow
from bot.storage.tables.base import Base
from bot.storage.tables.clusters import ShownClusterRow, ShownFaceRow
from bot.storage.tables.consents import ConsentRow, OptOutRow
from bot.storage.tables.enrolled import (
    EnrolledCharacterRow,
    EnrolmentRow,
    EnrolmentSampleRow,
    EnrolmentSourceRow,
)
from bot.storage.tables.exemplars import ExemplarRow
from bot.storage.tables.faces import FaceRow
from bot.storage.tables.galleries import AliasRow, CharacterRow, GalleryActionRow, RevisionRow
from bot.storage.tables.labels import LabelChangeRow, LabelRow
from bot.storage.tables.leases import LeaseRow
from bot.storage.tables.outbox import OutboxRow
from bot.storage.tables.proposals import ProposalRow
from bot.storage.tables.sessions import SessionRow
from bot.storage.tables.settings import ServerSettingsRow, WatchedChannelRow
from bot.storage.tables.state import StateRow
from bot.storage.tables.versions import ModelSourceRow, ModelVersionRow
from bot.storage.tables.votes import DecisionRow, VoteEventRow

__all__ = [
    "AliasRow",
    "AnswerRow",
    "ApiKeyRow",
    "Base",
    "CharacterRow",
    "ConsentRow",
    "DecisionRow",
    "EnrolledCharacterRow",
    "EnrolmentRow",
    "EnrolmentSampleRow",
    "EnrolmentSourceRow",
    "ExemplarRow",
    "FaceRow",
    "GalleryActionRow",
    "LabelChangeRow",
    "LabelRow",
    "LeaseRow",
    "ModelSourceRow",
    "ModelVersionRow",
    "OptOutRow",
    "OutboxRow",
    "ProposalRow",
    "RevisionRow",
    "ServerSettingsRow",
    "SessionRow",
    "ShownClusterRow",
    "ShownFaceRow",
    "StateRow",
    "VoteEventRow",
    "WatchedChannelRow",
]
