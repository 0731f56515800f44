"""`moedex storage copy`: from one database to another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import say
from bot.cli.options import one_line_for

app = typer.Typer(
    name="storage", help="Move what is kept to another database.", no_args_is_help=True
)

_WHERE = "An SQLAlchemy URL, or the path of an SQLite file."


@app.command("copy")
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=_WHERE)],
    target: Annotated[str, typer.Argument(metavar="TO", help=_WHERE)],
) -> None:
    """Copy all rows from one database to an empty other one, and check that they are the same.

    Stop the bot first. A copy that was ended goes on when it is called again. Crops are files, and
    stay where they are.
    """
    from bot.storage import StorageError
    from bot.storage.copying import copy_storage

    with one_line_for(StorageError), _progress() as report:
        copied = asyncio.run(copy_storage(_url(source), _url(target), report))
    for table in copied:
        say(f"{table.name:<22} {table.rows:>10,} rows  {table.digest[:16]}")
    say(f"The same in both: {sum(table.rows for table in copied):,} rows.")


def _url(where: str) -> str:
    from bot.storage.location import sqlite_url

    return where if "://" in where else sqlite_url(Path(where))


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on stderr, where that is a terminal, a line a table."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("Opening", total=None)

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield report
