"""The consoles that commands print to: what one has no letters for is printed as escapes.

Windows gives a pipe the code page of its language, cp1252 for example, which has no Japanese.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from typer.core import TyperGroup


class PrintableGroup(TyperGroup):
    """A group of commands, none of which fails because of a name that can't be printed."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; the parameters are Click's."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)
