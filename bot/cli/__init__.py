"""The `moedex` command line, one file a command group.

A command's file imports what is heavy (TensorFlow, OpenCV, discord.py) inside its function: help
comes at once.
"""

from __future__ import annotations

import ctypes
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bot.cli import (
    backup,
    characters,
    dataset,
    demo,
    doctor,
    evaluate,
    identify,
    learn,
    roster,
    run,
    serve,
    sort,
    storage,
    tagger,
    train,
    web,
)
from bot.cli.console import PrintableGroup, say

NEEDED_LIBRARIES = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}
"""The system libraries that OpenCV doesn't bring along, and the Debian packages that do."""
NO_LIBRARY = (
    "OpenCV needs {libraries} of the system, missing here. "
    "On Debian and Ubuntu: sudo apt-get install {packages}"
)

app = typer.Typer(
    name="moedex",
    cls=PrintableGroup,
    help="Names the anime characters in posted pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # `bot.logs.print_fault` keeps tokens out
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("web")(web.web)
app.command("serve")(serve.serve)
app.command("identify")(identify.identify)
app.command("sort")(sort.sort)
app.command("characters")(characters.characters)
app.add_typer(train.app)
app.command("evaluate")(evaluate.evaluate)
app.command("embed")(evaluate.embed)
app.command("learn")(learn.learn)
app.add_typer(evaluate.model)
app.add_typer(dataset.app)
app.add_typer(roster.app)
app.add_typer(tagger.app)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(storage.app)
app.command("doctor")(doctor.doctor)


def _show_version(value: bool) -> None:
    if value:
        say(f"moedex {version('moedex')}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    if sys.platform != "linux":
        return
    missing = [name for name in NEEDED_LIBRARIES if not has_library(name)]
    if missing:
        packages = " ".join(NEEDED_LIBRARIES[name] for name in missing)
        say(NO_LIBRARY.format(libraries=" and ".join(missing), packages=packages), err=True)
        raise typer.Exit(1)


def has_library(name: str) -> bool:
    """Return whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
