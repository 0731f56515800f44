"""Options that several commands share, and how all of them end on a foreseen failure."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.console import say

if TYPE_CHECKING:
    from bot.config import Config
    from models.images.decoding import PictureLimits

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file.", show_default="config.toml, if there is one"
    ),
]

ClusterOption = Annotated[
    bool,
    typer.Option(
        "--cluster",
        help="Let a Ray cluster work: that of RAY_ADDRESS, or the one that runs here, else all "
        "processors of this machine. Every machine must find the files under the same paths.",
    ),
]

NO_RAY = "Ray is missing: install moedex[cluster]."

ServerOption = Annotated[
    int | None, typer.Option("--server", metavar="ID", help="A Discord server's id.")
]

DEMO_PORT = 8642
"""Where the demo's page is if nothing else is asked for."""


def local_limits(settings: Config) -> PictureLimits:
    """Return the limits of files on the operator's own disk: never less than a chat's.

    How many frames of an animation are looked at is the same for both.
    """
    from models.images.decoding import LOCAL_LIMITS

    pictures = settings.pictures
    return replace(
        LOCAL_LIMITS,
        max_bytes=max(LOCAL_LIMITS.max_bytes, pictures.max_bytes),
        max_pixels=max(LOCAL_LIMITS.max_pixels, pictures.max_pixels),
        frames=pictures.frames,
    )


def run_to_end(main: Coroutine[Any, Any, None]) -> None:
    """Run a bot. Ctrl+C while its models still load ends the process without waiting for them.

    Once it is connected, the bot itself takes the signal and ends in order.
    """
    try:
        asyncio.run(main)
    except KeyboardInterrupt:
        # All is closed by now, but Python would wait for the thread that loads.
        sys.stdout.flush()
        os._exit(130)


@contextmanager
def one_line_for(*kinds: type[Exception]) -> Iterator[None]:
    """End the command with exit code 1 and the error's text, without a traceback."""
    try:
        yield
    except BrokenPipeError:  # whoever read our output has read enough: no failure to tell of
        raise
    except kinds as error:
        from bot.config import ConfigError

        text = str(error)  # of a configuration, a line for each thing that is wrong
        say(*(text.split("\n") if isinstance(error, ConfigError) else [text]), err=True)
        raise typer.Exit(1) from None
