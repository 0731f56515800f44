"""The connection to Discord: its addresses, the login, and staying connected until told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import discord
import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.errors import StartupError, in_one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from bot.config import DiscordConfig

log = logging.getLogger(__name__)

Client = TypeVar("Client", bound=discord.Client)

REFUSED = (
    "Discord refused the token: check MOEDEX_TOKEN, or make a new one at "
    "https://discord.com/developers/applications (your application, Bot, Reset Token)."
)


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


async def try_token(config: DiscordConfig, token: str) -> None:
    """Log in once; StartupError where Discord refuses the token or can't be reached."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await log_in(client, config, token)


async def log_in(client: discord.Client, config: DiscordConfig, token: str) -> None:
    """Log a client in, without a gateway; StartupError as of `try_token`."""
    with _told_in_one_line(config):
        try:
            await client.login(token)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise StartupError(
                f"{config.api or 'discord.com'} does not answer as Discord does "
                f"({in_one_line(error)})."
            ) from error


async def stay_connected(
    bot: Client,
    config: DiscordConfig,
    token: str,
    on_ready: Callable[[Client], Awaitable[None]] | None,
) -> None:
    """Run a client until it ends, a signal comes, or `on_ready` fails.

    Raises StartupError where Discord refuses it, and what `on_ready` raises.
    """
    async with bot:
        running = [
            asyncio.create_task(_start(bot, config, token)),
            asyncio.create_task(signalled()),
        ]
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


async def _when_ready(bot: Client, on_ready: Callable[[Client], Awaitable[None]] | None) -> None:
    await bot.wait_until_ready()
    log.info("Ready as %s in %d servers", bot.user, len(bot.guilds))
    if on_ready is not None:
        await on_ready(bot)


async def _start(bot: discord.Client, config: DiscordConfig, token: str) -> None:
    """Log in and stay connected; say in one line why that can't be."""
    with _told_in_one_line(config):
        await bot.start(token)


@contextmanager
def _told_in_one_line(config: DiscordConfig) -> Iterator[None]:
    """Turn what keeps a client from the server that `config` names into StartupError."""
    where = config.api or "discord.com"
    try:
        yield
    except discord.LoginFailure:
        raise StartupError(REFUSED) from None
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:
            raise StartupError(REFUSED) from None
        raise StartupError(
            f"Discord closed the connection for good (code {closed.code})."
        ) from closed
    except discord.GatewayNotFound as error:
        raise StartupError(f"The gateway of {where} could not be found.") from error
    except discord.HTTPException as error:
        raise StartupError(f"{where} refused the login: {error}.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise StartupError(f"{where} can't be reached: {error}.") from error


async def signalled() -> None:
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
