"""What cogs and views use: every service of a running bot, built once in `bot.app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.config import Config
    from bot.enrolment.series import SeriesTeaching
    from bot.feedback.labels import Labelling
    from bot.feedback.review_queue import UnknownFaces
    from bot.feedback.votes import Votes
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.teaching import Teaching
    from bot.inference import InferenceWorker
    from bot.labelling.agreement import LabelFigures
    from bot.labelling.desk import LabelDesk
    from bot.labelling.export import Exports
    from bot.labelling.queue import LabelQueue
    from bot.labelling.shelves import Shelves
    from bot.learning.backbone_migration import Backbones
    from bot.learning.schedule import TrainingSchedule
    from bot.privacy.consent import Consent
    from bot.privacy.erasure import Erasure
    from bot.privacy.retention import Retention
    from bot.recognition.claims import Claims
    from bot.recognition.corrections import Corrections
    from bot.recognition.following import Following
    from bot.recognition.outbox import Outbox
    from bot.recognition.presenting import Presenter
    from bot.recognition.questions import Questions
    from bot.recognition.reasons import Reasons
    from bot.recognition.refreshing import AnswerRefresh
    from bot.recognition.service import RecognitionService
    from bot.recognition.uploads import Uploads
    from bot.recognition.watching import Watching
    from bot.storage import Storage
    from bot.storage.crops import CropStore


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a running bot.

    `storage` is for what has no service of its own: the servers' settings, and the state.
    """

    config: Config
    storage: Storage
    worker: InferenceWorker
    crops: CropStore
    galleries: ServerGalleries
    labelling: Labelling
    votes: Votes
    teaching: Teaching
    series: SeriesTeaching
    unknown_faces: UnknownFaces
    label_queue: LabelQueue
    label_desk: LabelDesk
    shelves: Shelves
    exports: Exports
    label_figures: LabelFigures
    consent: Consent
    erasure: Erasure
    retention: Retention
    backbones: Backbones
    training: TrainingSchedule
    recognition: RecognitionService
    outbox: Outbox
    presenter: Presenter
    refresh: AnswerRefresh
    corrections: Corrections
    uploads: Uploads
    reasons: Reasons
    questions: Questions
    claims: Claims
    watching: Watching
    following: Following

    async def start(self) -> None:
        """Begin the work in the background."""
        await self.backbones.start()
        # Listing all names takes a second: not while the first picture waits.
        await self.galleries.roster(0)

    async def close(self) -> None:
        """End the work in the background; votes so far are judged."""
        await self.claims.close()
        await self.backbones.close()
        await self.galleries.close()
        await self.votes.close()
        await self.labelling.close()
        await self.erasure.close()
        await self.refresh.close()
