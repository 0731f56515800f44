"""Writes `config.example.toml` and `docs/configuration.md` from the configuration's own fields.

`python -m bot.reference` writes both; a test fails when they have fallen behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.config import Config

EXAMPLE = "config.example.toml"
REFERENCE = "docs/configuration.md"

_EXAMPLE_HEAD = """\
# Moedex's configuration. Copy this file to config.toml and change what you need: every value here
# is the default, and every line may be left out. An environment variable MOEDEX_<SECTION>__<KEY>
# (MOEDEX_INFERENCE__THREADS=4) wins over this file. A misspelled key ends the start with its name.
"""
_REFERENCE_HEAD = """\
# Configuration

Moedex reads `config.toml` in its working directory, or the file that `--config` names; see
[`config.example.toml`](../config.example.toml). An environment variable
`MOEDEX_<SECTION>__<KEY>` wins over the file. The token is also read from `MOEDEX_TOKEN` and
`DISCORD_TOKEN`. A key that doesn't exist, or a value that doesn't fit, ends the start with one
line that names it.

What moderators set for their own server (`/settings`, `/watch`) is not here: it is kept in the
storage.
"""


def example() -> str:
    """Return the text of the example file: every key with its default, and what it does."""
    parts = [_EXAMPLE_HEAD]
    for name, section in sections():
        parts.append(f"# {_summary(section)}\n[{name}]")
        for key, field, default in _keys(section):
            parts.append(f"# {field.description}")
            parts.append(f"# {key} =" if default is None else f"{key} = {_toml(default)}")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def reference() -> str:
    """Return the text of the reference in Markdown: a table a section."""
    parts = [_REFERENCE_HEAD]
    for name, section in sections():
        parts.append(f"## [{name}]\n\n{_summary(section)}\n")
        parts.append("| Key | Default | What it does |\n| --- | --- | --- |")
        for key, field, default in _keys(section):
            shown = "unset" if default is None else f"`{_toml(default)}`"
            parts.append(f"| `{key}` | {shown} | {field.description} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the sections' names and models, in the file's order."""
    for name, field in Config.model_fields.items():
        yield name, cast("type[BaseModel]", field.annotation)


def _keys(section: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, Any]]:
    for key, field in section.model_fields.items():
        default = field.default
        yield key, field, default.get_secret_value() if isinstance(default, SecretStr) else default


def _summary(section: type[BaseModel]) -> str:
    return (section.__doc__ or "").strip()


def _toml(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if value >= 100_000 else str(value)
    return json.dumps(value, ensure_ascii=False)  # TOML writes the rest as JSON does


def main() -> None:
    """Write both files into the working directory."""
    Path(EXAMPLE).write_text(example(), encoding="utf-8")
    Path(REFERENCE).write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
