"""What is wrong with a configuration, in words for the person who wrote it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from bot.config.whole import PREFIX, Config

MOVED_KEYS = {"inference.threshold": "naming.named"}
"""Keys of former versions, and what each is called now."""

SECRET_KEYS = ("token", "api_key", "url")
"""Keys whose values are never shown; the address of a database holds its password."""


def explain(
    error: ValidationError, file: Path | None, sections: dict[str, dict[str, object]]
) -> str:
    """Return a line for each error: where the key was set, and what is wrong with it."""
    lines = []
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        key = ".".join(location)
        variable = (PREFIX + "__".join(location)).upper()
        set_names = {name.upper(): name for name in os.environ}
        if location[0] in sections and location[-1] in sections[location[0]]:
            where = f"Setting {key}"
        elif variable in set_names:
            where = f"Environment variable {set_names[variable]} (key {key})"
        else:
            where = f"Configuration {file}, key {key}"
        lines.append(f"{where}: {_reason(problem, location)}")
    return "\n".join(lines)


def _reason(problem: Any, location: list[str]) -> str:
    if problem["type"] == "extra_forbidden" and ".".join(location) in MOVED_KEYS:
        return f"is called {MOVED_KEYS['.'.join(location)]} now (docs/configuration.md)."
    if problem["type"] == "extra_forbidden":
        section = Config.model_fields.get(location[0])
        known: list[str] = list(Config.model_fields)
        if section is not None and len(location) > 1:
            known = list(cast("type[BaseModel]", section.annotation).model_fields)
        return f"there is no such key (there are {', '.join(known)})."
    text = str(problem["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    if location[-1] in SECRET_KEYS:
        return f"{text}."
    return f"{text}, but it is {problem['input']!r}."
