"""Starts the site beside a bot, without importing it: `web` stands above `bot`, as the cogs do."""

from __future__ import annotations

import importlib
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.config import Config
    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import InferenceWorker


@asynccontextmanager
async def site(
    config: Config, worker: InferenceWorker, galleries: ServerGalleries
) -> AsyncIterator[str]:
    """Serve the site at `[web] listen` while the context lasts; gives its address.

    Raises StartupError where the address can't be listened at.
    """
    serving = importlib.import_module("web.app").serving
    made = importlib.import_module("web.site").Site(config, worker, galleries)
    async with AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(serving(made, *config.web.host_and_port))
        except OSError as error:
            raise StartupError(
                f"The site can't listen at {config.web.listen} ({error.strerror}): "
                "see [web] listen."
            ) from error
        yield address
