"""A command's options: found, nested and checked as an interaction carries them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.state.errors import UsageError

if TYPE_CHECKING:
    from sandbox.state.entities import Json

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
"""Kinds of commands, as Discord numbers them."""

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE = 1, 2, 3, 4, 5, 6, 7, 8
MENTIONABLE, NUMBER, ATTACHMENT = 9, 10, 11
"""Kinds of options, as Discord numbers them."""


def find_options(command: Json, path: Sequence[str]) -> list[Json]:
    """Return the options of a command or of its subcommand; UsageError for a wrong path."""
    options = command.get("options") or []
    for name in path:
        sub = next(
            (item for item in options if item["name"] == name and item["type"] in (1, 2)), None
        )
        if sub is None:
            raise UsageError(f"“{command['name']}” has no subcommand “{name}”.")
        options = sub.get("options") or []
    if any(item["type"] in (SUBCOMMAND, GROUP) for item in options):
        raise UsageError(f"“{command['name']}” needs a subcommand.")
    return options


def nest_options(command: Json, path: Sequence[str], values: list[Json]) -> list[Json]:
    """Put option values below their subcommand and group, as an interaction carries them."""
    types: list[int] = []
    options = command.get("options") or []
    for name in path:
        sub = next(item for item in options if item["name"] == name)
        types.append(sub["type"])
        options = sub.get("options") or []
    for name, kind in reversed(list(zip(path, types, strict=True))):
        values = [{"name": name, "type": kind, "options": values}]
    return values


def check_value(option: Json, value: Any) -> Any:
    """Check a value that a user enters for an option; UsageError says what is wrong."""
    name, kind = option["name"], option["type"]
    if kind == BOOLEAN:
        if not isinstance(value, bool):
            raise UsageError(f"“{name}” is yes or no.")
    elif kind == STRING:
        value = str(value)
        if not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
            raise UsageError(f"“{name}” is too short or too long.")
    elif kind in (INTEGER, NUMBER):
        try:
            value = int(value) if kind == INTEGER else float(value)
        except (TypeError, ValueError):
            raise UsageError(f"“{name}” is a number.") from None
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise UsageError(f"“{name}” is outside its range.")
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise UsageError(f"“{name}” is one of its choices.")
    return value


def split_path(options: Sequence[Json]) -> tuple[list[str], list[Json]]:
    """Return the names of group and subcommand that option values are nested below, and the values.

    The opposite of `nest_options`.
    """
    path: list[str] = []
    values = list(options)
    while values and values[0].get("type") in (SUBCOMMAND, GROUP):
        path.append(values[0]["name"])
        values = values[0].get("options") or []
    return path, values
