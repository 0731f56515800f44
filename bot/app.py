"""A whole bot: builds its services, hands each what it uses, and frames its life.

The start goes in order: storage, token, models, client. The end goes back: cogs are unloaded, the
gateway and HTTP closed, the worker ended, the storage closed.
"""

from __future__ import annotations

import contextlib
import logging
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import discord
from discord.webhook.async_ import async_context

from bot.client import MoedexBot
from bot.connection import log_in, pointed_at, signalled, stay_connected, try_token
from bot.enrolment.series import SeriesTeaching
from bot.errors import StartupError
from bot.feedback.duplicates import NearDuplicates
from bot.feedback.labels import Labelling
from bot.feedback.recording import FaceRecorder
from bot.feedback.review_queue import UnknownFaces
from bot.feedback.standings import Standings
from bot.feedback.votes import Votes
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.settled_pictures import SettledPictures
from bot.gallery.teaching import Teaching
from bot.inference import InferenceWorker
from bot.labelling.agreement import LabelFigures
from bot.labelling.desk import LabelDesk
from bot.labelling.export import Exports
from bot.labelling.queue import LabelQueue
from bot.labelling.shelves import Shelves
from bot.learning.backbone_migration import Backbones
from bot.learning.schedule import TrainingSchedule
from bot.patience import PatientWebhooks
from bot.privacy.consent import Consent
from bot.privacy.erasure import Erasure
from bot.privacy.retention import Retention
from bot.recognition.admission import Admission
from bot.recognition.claims import Claims
from bot.recognition.complaints import PermissionComplaints
from bot.recognition.corrections import Corrections
from bot.recognition.delivery import Delivery
from bot.recognition.following import Following
from bot.recognition.member_names import MemberNames
from bot.recognition.outbox import Outbox
from bot.recognition.pipeline import Pipeline
from bot.recognition.questions import Questions
from bot.recognition.reasons import Reasons
from bot.recognition.refreshing import AnswerRefresh
from bot.recognition.refusals import Refusals
from bot.recognition.service import RecognitionService
from bot.recognition.uploads import Uploads
from bot.recognition.watching import Watching
from bot.services import Services
from bot.site import check, metrics, site
from bot.storage import Storage, StorageError
from bot.storage.crops import CropStore, crop_folder
from bot.ui.answer_message import AnswerPresenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.config import Config

log = logging.getLogger(__name__)

NO_MESSAGE_CONTENT = (
    "Discord did not grant the message content intent: pictures in watched channels and !who "
    "can't be seen. Everything else works. To grant it, open "
    "https://discord.com/developers/applications, choose this application, "
    '"Bot", switch on "Message Content Intent", save, and restart.'
)


async def run_bot(
    config: Config,
    *,
    on_ready: Callable[[MoedexBot], Awaitable[None]] | None = None,
    make_worker: Callable[[Config], InferenceWorker] = InferenceWorker.from_config,
) -> None:
    """Run the bot until SIGINT or SIGTERM, or until the task is cancelled.

    `on_ready` is called once, when the bot is first connected; when it returns the bot goes on,
    unless it closed it. `make_worker` makes the worker, by default that of the real models.
    The token is tried first, the models are loaded only then. The end goes in order: cogs are
    unloaded, the gateway and HTTP closed, the worker ended, the storage closed.

    Raises StartupError with one readable line if it can't start or Discord ends it for good.
    """
    check(config)
    token = config.discord.token.get_secret_value()
    if not token:
        raise StartupError(
            "No token: set MOEDEX_TOKEN to your bot's token "
            "(https://discord.com/developers/applications, your application, Bot, Reset Token)."
        )
    sliced = config.discord.shard_slice is not None
    async with _storage(config, shared=sliced) as storage:
        async_context.set(PatientWebhooks())
        with pointed_at(config.discord):
            await try_token(config.discord, token)
            async with _worker(make_worker(config)) as worker:
                build = partial(build_services, config, storage, worker)
                try:
                    await _run(MoedexBot(config, build), config, token, on_ready)
                except discord.PrivilegedIntentsRequired:
                    log.warning(NO_MESSAGE_CONTENT)
                    bot = MoedexBot(config, build, message_content=False)
                    await _run(bot, config, token, on_ready)


async def run_site(config: Config, on_ready: Callable[[str], None]) -> None:
    """Serve the site without a bot until SIGINT or SIGTERM; `on_ready` gets its address.

    A bot may run on the same storage: what it learns for everybody holds here too. Discord is
    asked only where people sign in, over REST and with the bot's token. Raises StartupError.
    """
    check(config)
    async with (
        _storage(config, exclusive=False) as storage,
        discord.Client(intents=discord.Intents(guilds=True)) as client,
    ):
        with pointed_at(config.discord):
            if config.web.client_id:
                await log_in(client, config.discord, config.discord.token.get_secret_value())
            async with _worker(InferenceWorker.from_config(config)) as worker:
                services = build_services(config, storage, worker, client)
                try:
                    async with (
                        metrics(config, worker, storage),
                        site(services, client, beside_chat=False) as address,
                    ):
                        on_ready(address)
                        await signalled()
                finally:
                    await services.close()


async def _run(
    bot: MoedexBot,
    config: Config,
    token: str,
    on_ready: Callable[[MoedexBot], Awaitable[None]] | None,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        services = bot.services
        worker, storage = services.worker, services.storage
        await stack.enter_async_context(metrics(config, worker, storage))
        if config.web.listen:
            await stack.enter_async_context(site(services, bot))
        await stay_connected(bot, config.discord, token, on_ready)


@asynccontextmanager
async def _storage(
    config: Config, *, exclusive: bool = True, shared: bool = False
) -> AsyncIterator[Storage]:
    try:
        url = config.storage.url
        async with Storage.open(url, exclusive=exclusive, shared=shared) as storage:
            yield storage
    except StorageError as error:
        raise StartupError(str(error)) from error


@asynccontextmanager
async def _worker(worker: InferenceWorker) -> AsyncIterator[InferenceWorker]:
    try:
        await worker.__aenter__()
    except Exception as error:
        log.debug("The models could not be loaded", exc_info=error)
        raise StartupError(
            f"The models could not be loaded ({type(error).__name__}: {error}). "
            "`moedex doctor` says what is missing."
        ) from error
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_exit(worker.__aexit__)
        log.info("Loaded the model %s", worker.stages.model_version)
        yield worker


def build_galleries(storage: Storage, worker: InferenceWorker) -> ServerGalleries:
    """Build the galleries of all servers on what a worker names by."""
    return ServerGalleries(
        storage,
        characters=worker.stages.characters,
        roster=worker.stages.roster,
        shipped=worker.stages.gallery,
        backbone=worker.stages.backbone,
        tune=worker.stages.tuned,
    )


def build_services(
    config: Config, storage: Storage, worker: InferenceWorker, client: discord.Client
) -> Services:
    """Build every service once, for a client that is not connected yet."""
    crops = CropStore(crop_folder(config.learning, storage.files))
    galleries = build_galleries(storage, worker)
    duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
    labelling = Labelling(storage.faces, storage.votes, storage.labels, galleries.roster)
    settled = SettledPictures(storage, galleries.roster)
    standings = Standings(storage.faces, duplicates, labelling)
    presenter = AnswerPresenter(galleries.roster, standings, MemberNames(client), storage.settings)
    refresh = AnswerRefresh(client, storage.answers, presenter)
    erasure = Erasure(
        storage, crops, (galleries, duplicates, settled), labelling.relearn, refresh.soon
    )
    consent = Consent(storage.settings, storage.consents)
    recorder = FaceRecorder(
        storage.faces, storage.votes, crops, duplicates, labelling, consent, erasure.sweep_soon
    )
    complaints = PermissionComplaints(client, storage.settings, storage.state)
    shards = config.discord.shard_slice
    outbox = Outbox(client, storage.outbox)
    claims = Claims(client, storage.answers, None if storage.alone else storage.leases)
    pipeline = Pipeline(worker, galleries, settled, config.naming)
    recognition = RecognitionService(
        client,
        storage.settings,
        storage.answers,
        Admission(client, config, storage.consents),
        Refusals(complaints, config.cooldowns),
        pipeline,
        Delivery(outbox, worker, storage.answers, recorder, standings, presenter, config.answers),
    )
    questions = Questions(client, config, recognition)
    teaching = Teaching(storage, crops, galleries.roster, labelling.relearn)
    votes = Votes(storage.votes, storage.labels, storage.consents, labelling, refresh.soon)
    following = Following(
        recognition, storage.answers, storage.settings, storage.exemplars, erasure
    )
    unknown_faces = UnknownFaces(storage, config.learning, lambda: galleries.backbone)
    return Services(
        config=config,
        storage=storage,
        worker=worker,
        crops=crops,
        galleries=galleries,
        labelling=labelling,
        votes=votes,
        teaching=teaching,
        series=SeriesTeaching(config, storage, worker, galleries.roster),
        unknown_faces=unknown_faces,
        label_queue=LabelQueue(storage, unknown_faces, galleries.roster),
        label_desk=LabelDesk(storage, votes, teaching, galleries.roster),
        exports=Exports(storage, crops, galleries.roster, lambda: galleries.backbone),
        label_figures=LabelFigures(storage, galleries.roster),
        shelves=Shelves(storage, teaching, galleries.roster, lambda: galleries.backbone),
        consent=consent,
        erasure=erasure,
        retention=Retention(
            storage,
            erasure,
            config.storage,
            config.learning,
            lambda server_id: client.get_guild(server_id) is not None,
            lambda server_id: shards is None or shards.has(server_id),
        ),
        backbones=Backbones(storage, crops, galleries, worker),
        training=TrainingSchedule(config, storage),
        recognition=recognition,
        outbox=outbox,
        presenter=presenter,
        refresh=refresh,
        corrections=Corrections(recognition, storage, galleries, teaching, votes, unknown_faces),
        uploads=Uploads(storage, pipeline, consent, recorder, teaching, votes, galleries),
        reasons=Reasons(storage, crops, galleries, worker),
        questions=questions,
        claims=claims,
        watching=Watching(
            client,
            config,
            storage.settings,
            storage.state,
            recognition,
            questions,
            claims,
            following,
        ),
        following=following,
    )
