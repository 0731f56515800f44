"""The Discord client: its intents, its cogs, the command sync, and what it hears."""

from __future__ import annotations

import importlib.util
import logging
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from bot.command_sync import CommandSync
from bot.errors import StartupError
from bot.gateway import SteadyBot
from bot.identify_turns import IdentifyTurns
from bot.patience import make_patient
from bot.ui.errors import ErrorTree, answer_command_error, log_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.config import Config
    from bot.services import Services

log = logging.getLogger(__name__)

# The bot never speaks: discord.py need not tell what is missing for that.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False


class MoedexBot(SteadyBot):
    """The Discord client, with the services that its cogs are handed.

    `message_content` is false where Discord refused that intent: texts and pictures of messages
    then only come with mentions, in DMs and with interactions.
    """

    def __init__(
        self,
        config: Config,
        build: Callable[[discord.Client], Services],
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
            **_shards(config),
            case_insensitive=True,
            strip_after_prefix=True,
        )
        make_patient(self.http)
        self.services = build(self)
        storage = self.services.storage
        self.turns = IdentifyTurns(storage.leases)
        self._commands = CommandSync(self.tree, storage.state, storage.leases, config.discord.api)

    async def setup_hook(self) -> None:
        """Load every cog and tell Discord about changed commands, before the gateway opens.

        Raises StartupError if a cog can't be loaded.
        """
        await self.services.start()
        for name in _cog_modules():
            try:
                await self.load_extension(name)
            except commands.ExtensionError as error:
                log.debug("%s could not be loaded", name, exc_info=error)
                cause = error.__cause__ or error
                raise StartupError(
                    f"The part {name} could not be loaded: {type(cause).__name__}: {cause}"
                ) from error
        await self._commands.start()

    async def on_message(self, message: discord.Message, /) -> None:
        """Run typed commands of people; other bots and webhooks are ignored."""
        if message.author.bot or message.webhook_id is not None:
            return
        await self.run_command(await self.get_context(message))

    async def run_command(self, context: commands.Context[Any]) -> None:
        """Run a typed command, unless another process does; what is none is told nobody."""
        if not context.valid:
            return
        async with self.services.claims.on(context.message, "command") as mine:
            if mine:
                await self.invoke(context)

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
        error = sys.exception()
        if error is not None:
            log_failure(f"the listener {event_method}", error)

    async def on_old_command(self, name: str) -> None:
        """Tell Discord about the commands anew: it has another form of one."""
        log.info("Discord has an older form of the command %s, and is told the new one", name)
        await self._commands.repeat()

    async def close(self) -> None:
        """Unload the cogs, then close the gateway and HTTP."""
        await self._commands.close()
        await super().close()
        await self.services.close()


def _shards(config: Config) -> dict[str, Any]:
    """Return which shards to run, by discord.py's names; empty leaves it to Discord."""
    own = config.discord.shard_slice
    if own is not None:
        return {"shard_ids": list(own.ids), "shard_count": own.count}
    return {"shard_count": config.discord.shards or None}


def _cog_modules() -> list[str]:
    """Return the names of all cogs; by name, because nothing here may import what they are."""
    package = importlib.util.find_spec("cogs")
    paths = package.submodule_search_locations if package else None
    modules = pkgutil.walk_packages(paths or [], "cogs.")
    return sorted(module.name for module in modules if not module.ispkg)
