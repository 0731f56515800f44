"""The Discord client: intents, cogs, the command sync, and the life of the process around it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import logging
import pkgutil
import signal
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import yarl
from discord.asset import Asset
from discord.ext import commands, tasks
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.inference import InferenceWorker
from bot.learning.backbone_migration import Backbones
from bot.learning.services import LearningServices
from bot.recognition.pipeline import Asking
from bot.storage import Storage, StorageError
from bot.storage.crops import crop_folder
from bot.ui.errors import ErrorTree, answer_command_error, log_unexpected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from bot.config import Config, DiscordConfig

log = logging.getLogger(__name__)

# The bot never speaks: discord.py need not tell what is missing for that.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

NO_MESSAGE_CONTENT = (
    "Discord did not grant the message content intent: pictures in watched channels and !who "
    "can't be seen. Everything else works. To grant it, open "
    "https://discord.com/developers/applications, choose this application, "
    '"Bot", switch on "Message Content Intent", save, and restart.'
)

_REFUSED = (
    "Discord refused the token: check MOEDEX_TOKEN, or make a new one at "
    "https://discord.com/developers/applications (your application, Bot, Reset Token)."
)


class StartupError(Exception):
    """The bot can't start; the text is one readable line that says what to do."""


class MoedexBot(commands.AutoShardedBot):
    """The client that cogs see: discord.py's bot with the project's parts on it.

    `has_message_content` is false where Discord refused that intent: texts and pictures of
    messages then only come with mentions, in DMs and with interactions.
    """

    def __init__(
        self,
        config: Config,
        storage: Storage,
        worker: InferenceWorker,
        *,
        message_content: bool = True,
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.messages = True
        intents.reactions = True
        intents.message_content = message_content
        super().__init__(
            command_prefix=commands.when_mentioned_or(config.discord.prefix),
            intents=intents,
            tree_cls=ErrorTree,
            help_command=None,
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=config.discord.shards or None,
            case_insensitive=True,
            strip_after_prefix=True,
        )
        self.config = config
        self.storage = storage
        self.worker = worker
        self.has_message_content = message_content
        self.asking = Asking(self)
        self.learning = LearningServices.build(
            storage,
            crop_folder(config.learning, storage.files),
            config.learning,
            characters=worker.characters,
            shipped=worker.gallery,
            backbone=worker.backbone,
        )
        self.backbones = Backbones(storage, self.learning.crops, self.learning.galleries, worker)

    async def setup_hook(self) -> None:
        """Load every cog and tell Discord about changed commands, before the gateway opens.

        Raises StartupError if a cog can't be loaded.
        """
        await self.backbones.start()
        for name in _cog_modules():
            try:
                await self.load_extension(name)
            except commands.ExtensionError as error:
                log.debug("%s could not be loaded", name, exc_info=error)
                cause = error.__cause__ or error
                raise StartupError(
                    f"The part {name} could not be loaded: {type(cause).__name__}: {cause}"
                ) from error
        self._erase_old.start()
        await self._sync_commands()

    async def on_message(self, message: discord.Message, /) -> None:
        """Run typed commands of people; other bots and webhooks are ignored."""
        if message.author.bot or message.webhook_id is not None:
            return
        await self.process_commands(message)

    async def on_command_error(
        self, context: commands.Context[Any], exception: commands.CommandError, /
    ) -> None:
        """Answer a failed typed or hybrid command."""
        if self.is_closed():  # it failed because of that, and nothing can be sent any more
            return
        await answer_command_error(context, exception)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what a listener raised; nobody waits for an answer there."""
        if self.is_closed():
            return
        log_unexpected(f"the listener {event_method}")

    async def close(self) -> None:
        """Unload the cogs, then close the gateway and HTTP."""
        self._erase_old.cancel()
        await super().close()
        await self.backbones.close()
        await self.learning.close()

    @tasks.loop(hours=24)
    async def _erase_old(self) -> None:
        now = datetime.now(UTC)
        days = self.config.storage.answers_days
        gone = await self.storage.answers.delete_before(now - timedelta(days=days))
        await self.storage.state.forget_warnings(now - timedelta(days=2))
        if gone:
            log.info("Erased %d answers older than %d days", gone, days)

    async def _sync_commands(self) -> None:
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.config.discord.api, self.application_id, payload], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if await self.storage.state.get("commands") == digest:
            return
        synced = await self.tree.sync()
        await self.storage.state.set("commands", digest)
        log.info("Told Discord about %d commands", len(synced))


def _cog_modules() -> list[str]:
    """Return the names of all cogs; by name, because nothing here may import what they are."""
    package = importlib.util.find_spec("cogs")
    paths = package.submodule_search_locations if package else None
    modules = pkgutil.walk_packages(paths or [], "cogs.")
    return sorted(module.name for module in modules if not module.ispkg)


@contextmanager
def pointed_at(config: DiscordConfig) -> Iterator[None]:
    """Point discord.py at the server that `config` names, and back at the end.

    discord.py keeps these addresses in class attributes, so they hold for the whole process.
    """
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    if config.api:
        Route.BASE = config.api
    if config.gateway:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(config.gateway)
    if config.cdn:
        Asset.BASE = config.cdn  # pyright: ignore[reportAttributeAccessIssue] - typed as literal
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before


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
    token = config.discord.token.get_secret_value()
    if not token:
        raise StartupError(
            "No token: set MOEDEX_TOKEN to your bot's token "
            "(https://discord.com/developers/applications, your application, Bot, Reset Token)."
        )
    async with _storage(config) as storage:
        with pointed_at(config.discord):
            await _try_token(config, token)
            async with _worker(make_worker(config)) as worker:
                try:
                    await _connect(MoedexBot(config, storage, worker), token, on_ready)
                except discord.PrivilegedIntentsRequired:
                    log.warning(NO_MESSAGE_CONTENT)
                    bot = MoedexBot(config, storage, worker, message_content=False)
                    await _connect(bot, token, on_ready)


@asynccontextmanager
async def _storage(config: Config) -> AsyncIterator[Storage]:
    try:
        async with Storage.open(config.storage.url) as storage:
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
        log.info("Loaded the model %s", worker.model_version)
        yield worker


async def _try_token(config: Config, token: str) -> None:
    """Log in once before the models load: nobody waits for them to hear of a wrong token."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        with _said_in_one_line(config.discord):
            await client.login(token)


async def _connect(
    bot: MoedexBot, token: str, on_ready: Callable[[MoedexBot], Awaitable[None]] | None
) -> None:
    """Run one client until it ends, is told to by a signal, or `on_ready` fails."""
    async with bot:
        running = [asyncio.create_task(_start(bot, token)), asyncio.create_task(_signalled())]
        ready = asyncio.create_task(_when_ready(bot, on_ready))
        try:
            while not any(task.done() for task in running):
                await asyncio.wait(
                    [*running, *([] if ready.done() else [ready])],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if ready.done():
                    ready.result()
        finally:
            ended_by_signal = running[1].done()
            if not bot.is_ready():  # else what still starts would go on with what is closed
                running[0].cancel()
                await asyncio.wait(running[:1])
            await bot.close()
            ready.cancel()
            running[1].cancel()
            await asyncio.gather(*running, ready, return_exceptions=True)
        if not ended_by_signal:
            running[0].result()


async def _when_ready(
    bot: MoedexBot, on_ready: Callable[[MoedexBot], Awaitable[None]] | None
) -> None:
    await bot.wait_until_ready()
    log.info("Ready as %s in %d servers", bot.user, len(bot.guilds))
    if on_ready is not None:
        await on_ready(bot)


async def _start(bot: MoedexBot, token: str) -> None:
    """Log in and stay connected; say in one line why that can't be."""
    with _said_in_one_line(bot.config.discord):
        await bot.start(token)


@contextmanager
def _said_in_one_line(config: DiscordConfig) -> Iterator[None]:
    """Turn what keeps a client from the server that `config` names into StartupError."""
    where = config.api or "discord.com"
    try:
        yield
    except discord.LoginFailure:
        raise StartupError(_REFUSED) from None
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:
            raise StartupError(_REFUSED) from None
        raise StartupError(
            f"Discord closed the connection for good (code {closed.code})."
        ) from closed
    except discord.GatewayNotFound as error:
        raise StartupError(f"The gateway of {where} could not be found.") from error
    except discord.HTTPException as error:
        raise StartupError(f"{where} refused the login: {error}.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise StartupError(f"{where} can't be reached: {error}.") from error


async def _signalled() -> None:
    """Return once the process is asked to end; a second signal ends it at once."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # Where signals can't be taken (Windows, another thread) the task is cancelled instead.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, asked.set)
            caught.append(number)
    try:
        await asked.wait()
        log.info("Shutting down")
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
