"""Options that several commands share, and how all of them end on a foreseen failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

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
