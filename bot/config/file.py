"""Reads the configuration's file, before anything in it is looked at."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bot.config.errors import ConfigError


def read_file(file: Path) -> dict[str, Any]:
    """Read a TOML file, with or without the mark that Windows editors begin a file with.

    Raises ConfigError where it can't be read, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"Configuration {file}: can't be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"Configuration {file}: is not valid TOML: {error}.") from None
