"""`moedex serve`: opens a Ray cluster that works on pictures for bots."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.options import NO_RAY, ConfigOption, one_line_for, run_to_end

if TYPE_CHECKING:
    from bot.config import Config

DEFAULT = "127.0.0.1:8644"


def serve(
    listen: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS:PORT",
            help="Where bots ask; port 0 takes a free one. Whoever reaches it may ask.",
        ),
    ] = DEFAULT,
    ray: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS:PORT",
            help="A Ray cluster that is there (ray start). Without it this machine is one by "
            "itself, which ends with the command.",
        ),
    ] = "",
    least: Annotated[
        int,
        typer.Option(
            min=1,
            help="Replicas of the detector, and of the embedder, that are kept when there is "
            "little to do; 2 on two machines survive the loss of either. Each takes a processor.",
        ),
    ] = 1,
    most: Annotated[
        int,
        typer.Option(min=0, help="The same at most. 0: as many as there are processors for."),
    ] = 0,
    config: ConfigOption = None,
) -> None:
    """Work on pictures for bots with `[inference] backend = "ray"`.

    On one machine, or on each of a Ray cluster's that bots shall ask. Bots and clusters need the
    same version, weights, and limits of pictures; without them bots go on by themselves.
    """
    from bot import logs
    from bot.config import ConfigError, load_config
    from bot.config.section import is_address
    from bot.errors import StartupError

    with one_line_for(ConfigError, StartupError):
        try:
            for address in (listen, ray):
                is_address(address)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        if importlib.util.find_spec("ray") is None:
            raise StartupError(NO_RAY)
        settings = load_config(config)
        logs.set_up(settings.logs.level, settings.discord.token.get_secret_value())
        say("Starting the cluster; this takes some seconds ...", err=True)
        run_to_end(_serve(settings, listen, ray, least, most))


async def _serve(settings: Config, listen: str, ray: str, least: int, most: int) -> None:
    from bot.config.section import host_and_port
    from bot.connection import signalled
    from bot.inference.cluster.node import opened

    host, port = host_and_port(listen)
    async with opened(settings, host, port, address=ray, least=least, most=most) as url:
        say(f"Bots ask {url}", "Ctrl+C ends it.")
        await signalled()
