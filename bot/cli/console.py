"""The consoles that commands print to: what one has no letters for is printed as escapes.

So is what a terminal would obey in a name. Only what programs read, JSON and CSV, has every name as
it is. Windows gives a pipe the code page of its language, cp1252 for example, without any Japanese.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from bot.terminal import shown


class PrintableGroup(TyperGroup):
    """A group of commands, none of which fails because of a name that can't be printed."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; the parameters are Click's."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)


def say(*lines: str, err: bool = False) -> None:
    """Print lines for people, on standard error with `err`: a name can do nothing in them."""
    for line in lines:
        typer.echo(shown(line), err=err)


def emit(text: str) -> None:
    """Print what programs read, as it is."""
    typer.echo(text, color=True)  # else Click leaves escape sequences out
