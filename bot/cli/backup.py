"""`moedex backup` and `moedex restore`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import say
from bot.cli.options import ConfigOption, one_line_for


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to.", show_default="moedex-<date>-<time>.zip"),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Copy everything that is kept into one file. The bot may go on running."""
    from bot.config import ConfigError, load_config
    from bot.storage import StorageError
    from bot.storage.backup import back_up

    target = file or Path(f"moedex-{datetime.now():%Y%m%d-%H%M%S}.zip")
    with one_line_for(ConfigError, StorageError):
        size = back_up(load_config(config).storage.url, target)
    say(f"Wrote {target} ({size / 1024:.0f} KiB).")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `moedex backup` wrote.")],
    config: ConfigOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the storage that is there.")
    ] = False,
) -> None:
    """Bring a backup back. Stop the bot first."""
    from bot.config import ConfigError, load_config
    from bot.storage import StorageError
    from bot.storage.backup import restore as put_back

    with one_line_for(ConfigError, StorageError):
        made = put_back(load_config(config).storage.url, file, replace=replace)
    say(f"Restored the backup of {made:%Y-%m-%d %H:%M} UTC.")
