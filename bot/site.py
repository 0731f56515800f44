"""Starts the site beside a bot, without importing it: `web` stands above `bot`, as the cogs do."""

from __future__ import annotations

import importlib
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import discord

    from bot.config import Config
    from bot.inference import InferenceWorker
    from bot.services import Services
    from bot.storage import Storage


def check(config: Config) -> None:
    """Raise StartupError where a key of `[web]` is missing that another one needs."""
    if (missing := config.web.missing) is not None:
        raise StartupError(missing)


@asynccontextmanager
async def site(
    services: Services, client: discord.Client, *, beside_chat: bool = True
) -> AsyncIterator[str]:
    """Serve the site at `[web] listen` while the context lasts; gives its address.

    `client` says who is in which server; where nobody signs in, it is not asked. `beside_chat` says
    whether the worker looks at pictures of a chat, too.
    Raises StartupError where the address can't be listened at.
    """
    config = services.config
    serving = importlib.import_module("web.app").serving
    made = importlib.import_module("web.site").Site(services, client, beside_chat)
    async with AsyncExitStack() as stack:
        with _told("The site", "[web]", config.web.listen):
            address = await stack.enter_async_context(serving(made, *config.web.host_and_port))
        yield address


@asynccontextmanager
async def metrics(config: Config, worker: InferenceWorker, storage: Storage) -> AsyncIterator[None]:
    """Serve figures at `[metrics] listen`, where that is set, while the context lasts.

    Raises StartupError where the address can't be listened at.
    """
    async with AsyncExitStack() as stack:
        if config.metrics.listen:
            serving = importlib.import_module("web.metrics").serving
            where = config.metrics.host_and_port
            with _told("/metrics", "[metrics]", config.metrics.listen):
                await stack.enter_async_context(serving(config, worker, storage, *where))
        yield


@contextmanager
def _told(what: str, section: str, where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartupError(
            f"{what} can't listen at {where} ({error.strerror}): see {section} listen."
        ) from error
