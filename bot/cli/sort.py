"""`moedex sort`: puts pictures into folders by who is in them, without Discord.

Nothing is overwritten, and what was sorted once is left alone the next time: `sorted.csv` in the
target tells. What was done can be taken back: `journal.csv` tells. The work is in bot/cli/sorting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import say
from bot.cli.options import ClusterOption, ConfigOption, one_line_for
from bot.cli.sorting.errors import SortError
from bot.cli.sorting.journal import Journal
from bot.cli.sorting.moving import How
from bot.cli.sorting.run import By, SortingRun
from bot.cli.sorting.shelf import Shelf
from bot.cli.sorting.undoing import undo


def sort(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|DIR...", help="Pictures, or folders of them."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="OUT", file_okay=False, help="Where the folders are made."),
    ] = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Characters of your own to name as well: DIR/<character>/<picture>.",
        ),
    ] = None,
    how: Annotated[
        How,
        typer.Option(
            help="Leave the pictures where they are and copy them, or link to them (hard links: no "
            "space is taken), or move them."
        ),
    ] = How.COPY,
    by: Annotated[
        By, typer.Option(help="A folder for each character, or for each series.")
    ] = By.CHARACTER,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and touch nothing.")
    ] = False,
    undo_: Annotated[
        Path | None,
        typer.Option(
            "--undo",
            metavar="JOURNAL",
            help="Take everything back that a journal tells of: OUT/journal.csv, or just OUT.",
        ),
    ] = None,
    cluster: ClusterOption = False,
    config: ConfigOption = None,
) -> None:
    """Sort pictures into folders by who is in them.

    OUT/characters/NAME has those with one known character, OUT/several those with more, and
    OUT/no_face those without a face. OUT/unknown has the others, in groups of who looks alike.
    OUT/sorted.csv says where each picture went; what is in there is left alone, so the same
    command goes on where it was ended. What lies beside a picture and is called like it goes
    along (x.jpg.json, x.txt, x.xmp); files of other kinds are left alone.

    To have a group named, move it to MINE/NAME and sort OUT/unknown again with --gallery MINE:
    pictures of OUT itself are moved. Nothing is overwritten and nothing deleted, and --undo OUT
    takes everything back. The exit code is 1 if some files could not be read or put there: those
    stay where they are.
    """
    from bot.config import ConfigError
    from bot.errors import StartupError
    from cascades import CascadeError
    from models.weight_files import WeightsError

    foreseen = (ConfigError, CascadeError, WeightsError, StartupError, SortError, OSError)
    with one_line_for(*foreseen):
        if undo_ is not None:
            if paths or into is not None:
                raise typer.BadParameter("goes without FILE|DIR and --into.", param_hint="--undo")
            _undo(undo_, dry_run=dry_run)
            return
        if not paths:
            raise typer.BadParameter("is missing.", param_hint="FILE|DIR...")
        if into is None:
            raise typer.BadParameter("is missing.", param_hint="--into")
        run = SortingRun(Shelf(into, how, dry_run=dry_run), by, how, dry_run=dry_run)
        ended = run.sort(run.entries(paths), config, gallery, cluster=cluster)
    run.sum_up()
    if ended:
        say("Ended early: the same command goes on from here.", err=True)
        raise typer.Exit(130)
    if run.unread or run.refused:
        raise typer.Exit(1)


def _undo(path: Path, *, dry_run: bool) -> None:
    """Take back what a journal tells of. Raises SortError and OSError."""
    undone = undo(Journal.at(path), lambda line: say(line, err=not dry_run), dry_run=dry_run)
    if dry_run:
        say("A dry run: nothing was touched.")
        return
    left = f"; {undone.failed} could not be, and stay in the journal" if undone.failed else ""
    say(f"{undone.back} taken back to where they came from{left}.")
    if undone.failed:
        raise typer.Exit(1)
