"""`moedex identify`: names the faces in files and folders, without Discord."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.console import emit, say
from bot.cli.options import NO_RAY, ClusterOption, ConfigOption, local_limits, one_line_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from bot.config import Config
    from models.bulk import FileResult, Recipe
    from models.gallery.gallery import Gallery

CARD_BYTES = 10 * 2**20

CSV_COLUMNS = (
    *("file", "width", "height", "face", "x0", "y0", "x1", "y1", "score"),
    *("unknown", "tier", "id", "name", "series", "probability", "error"),
)
"""What a row of `--csv` has: a face with its best guess, known or not."""


def identify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="Pictures, or folders of them.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, one line a file.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print a table with a row for each face.")
    ] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(
            "--annotate",
            metavar="OUT",
            file_okay=False,
            help="Folder to write annotated pictures to.",
        ),
    ] = None,
    face: Annotated[
        bool, typer.Option("--face", help="Each file is one face already: look for none.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FILE",
            dir_okay=False,
            help="Write what --json prints into a file, and leave out what it has: the same "
            "command goes on where it was ended.",
        ),
    ] = None,
    cluster: ClusterOption = False,
    config: ConfigOption = None,
) -> None:
    """Name the characters in pictures.

    Answers come in the order given; a folder's files come sorted. The exit code is 1 if some
    files could not be read.
    """
    from bot.cli.lines import Lines, LinesError
    from bot.config import ConfigError, load_config
    from bot.errors import StartupError
    from cascades import CascadeError
    from models.bulk import FileResult, collect
    from models.weight_files import WeightsError

    if as_csv and (as_json or into is not None):
        raise typer.BadParameter("goes without --json and --into.", param_hint="--csv")
    failed = False
    with one_line_for(ConfigError, CascadeError, WeightsError, StartupError, OSError, LinesError):
        settings = load_config(config)
        entries = collect(paths)
        cards = _Cards(annotate, entries) if annotate else None
        lines = Lines(into) if into is not None else None
        if lines is not None:
            entries = [each for each in entries if str(file_of(each)) not in lines.there]
        results: Iterable[FileResult] = [each for each in entries if isinstance(each, FileResult)]
        if len(results) < len(entries):  # else there is nothing to load the models for
            recipe = recipe_of(settings, one_face=face, keep_frames=cards is not None)
            results = named(recipe, entries, cluster=cluster)
        if as_csv:
            emit(",".join(CSV_COLUMNS))
        for result in with_progress(results, len(entries)):
            failed = failed or result.error is not None
            if lines is not None:
                lines.add(as_object(result))
            elif as_csv:
                emit(as_rows(result))
            else:
                say(*([json.dumps(as_object(result))] if as_json else as_lines(result)))
            try:
                if cards:
                    cards.write(result)
            except OSError as error:
                failed = True
                why = (error.strerror or str(error)).lower()
                say(f"“{result.file}” can't be annotated: {why}.", err=True)
        if lines is not None:
            say(lines.sum_up())
    if failed:
        raise typer.Exit(1)


def as_object(result: FileResult) -> dict[str, Any]:
    """Return a result as the object that `--json` prints."""
    return {
        "file": str(result.file),
        "width": result.width,
        "height": result.height,
        "faces": [named.as_dict() for named in result.faces],
        "error": {"code": result.error.code, "message": result.error.message}
        if result.error
        else None,
    }


def as_rows(result: FileResult) -> str:
    """Return a result as the rows that `--csv` prints; a file without faces is one row too."""
    file = {"file": str(result.file), "width": result.width, "height": result.height}
    rows: list[dict[str, Any]] = []
    for number, named in enumerate(result.faces, 1):
        found = named.as_dict()
        best = found["guesses"][0] if found["guesses"] else {}
        box = dict(zip(("x0", "y0", "x1", "y1"), found["box"], strict=True))
        unknown = {"unknown": str(named.unknown).lower()}
        rows.append(file | {"face": number} | box | found | best | unknown)
    text = io.StringIO()
    table = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writerows(rows or [file | {"error": result.error.message if result.error else ""}])
    return text.getvalue().removesuffix("\n")


def as_lines(result: FileResult) -> list[str]:
    """Return a result as lines for people: the file, then each face and its guesses."""
    if result.error:
        return [str(result.file), f"  {result.error.message}"]
    from models.types import Tier, percent

    lines = [f"{result.file}  ({result.width} × {result.height})"]
    if not result.faces:
        lines.append("  no face found")
    for number, named in enumerate(result.faces, 1):
        ranked = [f"{g.character.name} {percent(g.probability)}" for g in named.guesses]
        series = named.guesses[0].character.series if named.guesses else ""
        series = f" ({series})" if series else ""
        if named.tier is Tier.NOT_KNOWN:
            lines.append(f"  {number}. not known; closest: {', '.join(ranked)}")
        else:
            perhaps = "probably " if named.tier is Tier.PROBABLY else ""
            lines.append(f"  {number}. {perhaps}{ranked[0]}{series}; then {', '.join(ranked[1:])}")
    return lines


def recipe_of(settings: Config, *, one_face: bool = False, keep_frames: bool = False) -> Recipe:
    """Return how many files are named, as the configuration has it."""
    from models.bulk import Recipe

    inference = settings.inference
    return Recipe(
        local_limits(settings),
        settings.pictures.faces,
        inference.detector,
        Path(inference.cascade) if inference.cascade else None,
        settings.naming.policy(),
        one_face=one_face,
        keep_frames=keep_frames,
    )


def named(
    recipe: Recipe,
    entries: Iterable[Path | FileResult],
    gallery: Gallery | None = None,
    *,
    cluster: bool,
) -> Iterator[FileResult]:
    """Name the faces of many files, here or at a Ray cluster. Raises StartupError, WeightsError."""
    if not cluster:
        yield from recipe.load(gallery).name_all(entries)
        return
    if importlib.util.find_spec("ray") is None:
        from bot.errors import StartupError

        raise StartupError(NO_RAY)
    from bot.inference.cluster.bulk import name_all

    yield from name_all(recipe, entries, gallery)


def file_of(entry: Path | FileResult) -> Path:
    """Return the file that an entry of `collect` is about."""
    return entry if isinstance(entry, Path) else entry.file


def with_progress(results: Iterable[FileResult], total: int) -> Iterator[FileResult]:
    """Pass results on, with a progress bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

    console: Console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Lines for a terminal go above the bar; those for a pipe must stay out of stderr.
        redirect_stdout=sys.stdout.isatty(),
    )
    with progress:
        task = progress.add_task("Loading", total=total)
        for result in results:
            progress.update(task, advance=1, description="Naming")
            yield result


class _Cards:
    """Writes annotated pictures into a folder, each under a name of its own, over no picture."""

    def __init__(self, folder: Path, entries: Iterable[Path | FileResult]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._taken = {entry.resolve() for entry in entries if isinstance(entry, Path)}

    def write(self, result: FileResult) -> None:
        from models.bulk import CARD_SIDE
        from models.card.drawing import draw_card

        if result.frame is None or result.width is None or result.height is None:
            return
        card = draw_card(
            result.frame,
            result.faces,
            size=(result.width, result.height),
            max_bytes=CARD_BYTES,
            max_side=CARD_SIDE,
        )
        target, number = self._folder / f"{result.file.stem}.{card.extension}", 1
        while target.resolve() in self._taken:
            number += 1
            target = target.with_stem(f"{result.file.stem}-{number}")
        self._taken.add(target.resolve())
        target.write_bytes(card.data)
