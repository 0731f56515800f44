"""Reads the configuration from the file and the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr, ValidationError

from bot.config.errors import ConfigError
from bot.config.explanation import explain
from bot.config.file import read_file
from bot.config.whole import PREFIX, Config

DEFAULT_FILE = Path("config.toml")
SECRETS = (
    (("MOEDEX_TOKEN", "DISCORD_TOKEN"), "discord", "token"),
    (("MOEDEX_CLIENT_SECRET",), "web", "client_secret"),
)
"""Short names of the environment for what must not stand in a file: variables, section, key."""


def load_config(path: Path | None = None, **sections: dict[str, object]) -> Config:
    """Read the configuration.

    `path` is the TOML file; None takes `config.toml` in the working directory if there is one.
    `sections` win over both file and environment (`load_config(storage={"url": ...})`).

    Raises ConfigError if the file can't be read or a key in it, or in the environment, is wrong.
    """
    file = path if path is not None else DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if file is not None:
        read_file(file)  # what is wrong with it is said before what is wrong in it
    _check_environment()
    reader = cast("type[Config]", type("Config", (Config,), {"file": file, "__doc__": None}))
    try:
        config = reader(**cast("dict[str, Any]", sections))
    except ValidationError as error:
        raise ConfigError(explain(error, file, sections)) from None
    for names, section, key in SECRETS:
        secret = next((os.environ[name] for name in names if os.environ.get(name)), None)
        if secret is not None and key not in sections.get(section, {}):
            changed = getattr(config, section).model_copy(update={key: SecretStr(secret.strip())})
            config = config.model_copy(update={section: changed})
    return config


def _check_environment() -> None:
    # pydantic-settings passes over variables whose section doesn't exist; a typo must not.
    for name in os.environ:
        if not name.upper().startswith(PREFIX) or "__" not in name:
            continue
        section = name[len(PREFIX) :].split("__", 1)[0].lower()
        if section not in Config.model_fields:
            known = ", ".join(Config.model_fields)
            raise ConfigError(
                f"Environment variable {name}: there is no section {section!r} (there are {known})."
            )
