"""`moedex sort`: puts pictures into folders by who is in them, without Discord.

Nothing is overwritten, and what was sorted once is left alone the next time: `sorted.csv` in the
target tells. A picture goes to `characters/<id>` where one name alone is above the threshold, to
`several` where more are; without a name it waits for the end, as those that look alike go together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.identify import bulk_naming, with_progress
from bot.cli.options import ConfigOption, one_line_for
from bot.cli.sorted_folders import UNKNOWN, How, Seen, Shelf, SortError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.bulk import BulkNaming, FileResult

CHARACTERS: Final = "characters"
SEVERAL: Final = "several"
NO_FACE: Final = "no_face"

AT_ONCE: Final = 4000
"""Unknown faces that are compared with each other at once: their distances take 128 MB."""


def sort(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="Pictures, or folders of them.")
    ],
    into: Annotated[
        Path,
        typer.Option("--into", metavar="OUT", file_okay=False, help="Where the folders are made."),
    ],
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
    config: ConfigOption = None,
) -> None:
    """Sort pictures into folders by who is in them.

    OUT/characters/NAME has those with one known character, OUT/several those with more, and
    OUT/no_face those without a face. OUT/unknown has the others, in groups of who looks alike.
    OUT/sorted.csv says where each picture went; what is in there is left alone, so the same
    command goes on where it was ended.

    To have a group named, move it to MINE/NAME and sort OUT/unknown again with --gallery MINE:
    pictures of OUT itself are moved. The exit code is 1 if some files could not be read: those
    stay where they are.
    """
    from bot.config import ConfigError, load_config
    from cascades import CascadeError
    from models.bulk import collect
    from models.weight_files import WeightsError

    with one_line_for(ConfigError, CascadeError, WeightsError, SortError, OSError):
        settings = load_config(config)
        shelf = Shelf(into, how)
        asked = {entry: path for path in paths for entry in collect([path])}
        entries = [entry for entry, path in asked.items() if shelf.wants(entry, given=path)]
        failed, ended = 0, False
        if entries:
            naming = bulk_naming(settings)
            if gallery is not None:
                naming = _with_own(naming, gallery)
            unnamed: list[Seen] = []
            try:
                for result in with_progress(naming.name_all(entries), len(entries)):
                    if result.error:
                        failed += 1
                        typer.echo(result.error.message, err=True)
                    elif (folder := _folder_of(result)) == UNKNOWN:
                        unnamed.append(Seen.of(result))
                    else:
                        shelf.put(Seen.of(result), folder)
            except KeyboardInterrupt:  # the unknown so far would have to be looked at again
                ended = True
            for seen, group in zip(unnamed, _groups(unnamed), strict=True):
                shelf.put(seen, UNKNOWN if group is None else f"{UNKNOWN}/{shelf.group(group)}")
            shelf.tidy()
    for folder, count in sorted(shelf.counts.items(), key=lambda item: (-item[1], item[0])):
        typer.echo(f"{count:6}  {folder}")
    typer.echo(_summary(shelf, failed))
    if ended:
        typer.echo("Ended early: the same command goes on from here.", err=True)
        raise typer.Exit(130)
    if failed:
        raise typer.Exit(1)


def _with_own(naming: BulkNaming, folder: Path) -> BulkNaming:
    """Name the characters of a folder as well. Raises SortError."""
    from models.bulk import gallery_of

    own = gallery_of(folder, naming, lambda why: typer.echo(why, err=True))
    if own is None:
        raise SortError(
            f"“{folder}” has nobody to learn: put one to five pictures of each character into a "
            f"folder named after it, “{folder}/<character>”."
        )
    return replace(naming, gallery=naming.identifier.namer.gallery.extended(own))


def _summary(shelf: Shelf, failed: int) -> str:
    parts = [f"{shelf.counts.total()} sorted into {shelf.folder}"]
    if shelf.before:
        parts.append(f"{shelf.before} were already")
    if failed:
        parts.append(f"{failed} could not be read and stay where they are")
    return "; ".join(parts) + "."


def _folder_of(result: FileResult) -> str:
    """Where a picture goes, below the target."""
    names = {face.best.character.id for face in result.faces if not face.unknown}
    if len(names) == 1:
        return f"{CHARACTERS}/{names.pop()}"
    if names:
        return SEVERAL
    return UNKNOWN if result.faces else NO_FACE


def _groups(unnamed: Sequence[Seen]) -> list[int | None]:
    """The group, from 0, of each picture with a face; None for one that keeps to itself."""
    from models.gallery.clustering import group_alike

    return group_alike([seen.vector for seen in unnamed if seen.vector is not None], AT_ONCE)
