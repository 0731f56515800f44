"""Options that several commands share, and how all of them end on a foreseen failure."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file.", show_default="config.toml, if there is one"
    ),
]

ServerOption = Annotated[
    int | None, typer.Option("--server", metavar="ID", help="A Discord server's id.")
]

DEMO_PORT = 8642
"""Where the demo's page is if nothing else is asked for."""


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
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
