"""Selects and forms (modals) as users fill them in: their values checked and completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.state import component_tree
from sandbox.state.errors import UsageError
from sandbox.state.resolved import CHANNELS, ROLES, USERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.state.entities import Json
    from sandbox.state.resolved import Resolved

_SELECTED_KINDS = {5: (USERS,), 6: (ROLES,), 7: (USERS, ROLES), 8: (CHANNELS,)}
"""What the values of a select of each type stand for; those of type 3 are its own options."""


def choose(select: Json, values: Iterable[Any], resolved: Resolved) -> list[str]:
    """Check the values chosen in a select: its options' values, or ids.

    Raises:
        UsageError: A value is no choice, or there are too few or too many.

    """
    kinds = _SELECTED_KINDS.get(select["type"])
    known = {option["value"] for option in select.get("options", ())}
    chosen: list[str] = []
    for value in values:
        if kinds is not None:
            chosen.append(resolved.thing(value, kinds))
        elif value in known:
            chosen.append(value)
        else:
            raise UsageError(f"There is no choice “{value}”.")
    if not select.get("min_values", 1) <= len(chosen) <= select.get("max_values", 1):
        raise UsageError("Too few or too many choices.")
    return chosen


async def fill_form(
    rows: Sequence[Json], values: Mapping[str, Any], resolved: Resolved
) -> list[Json]:
    """Fill in a form's rows as its submission carries them.

    Args:
        rows: The form's completed components (see `components.complete_form`).
        values: What each field holds, by its `custom_id`.
        resolved: Takes in the objects and files that the values stand for.

    Raises:
        UsageError: A value is missing, wrong, or of no field of the form.

    """
    left = dict(values)
    done = [await _fill_row(row, left, resolved) for row in rows]
    if left:
        raise UsageError(f"The form has no field “{next(iter(left))}”.")
    return done


async def _fill_row(row: Json, left: dict[str, Any], resolved: Resolved) -> Json:
    """Fill in one row of a form: a label with its field, an action row, or a mere text."""
    done: Json = {"type": row["type"], "id": row["id"]}
    if row["type"] == component_tree.LABEL:
        done["component"] = await _fill_field(row["component"], row["label"], left, resolved)
    elif row["type"] == component_tree.ACTION_ROW:
        done["components"] = [
            await _fill_field(item, item.get("label"), left, resolved) for item in row["components"]
        ]
    return done


async def _fill_field(
    field: Json, label: str | None, left: dict[str, Any], resolved: Resolved
) -> Json:
    kind, custom_id = field["type"], field["custom_id"]
    value = left.pop(custom_id, None)
    name = label or custom_id
    done: Json = {"type": kind, "id": field["id"], "custom_id": custom_id}
    needed = field.get("required", True)
    if kind == component_tree.TEXT_INPUT:
        return done | {"value": _text(field, value, name, needed=needed)}
    if kind == component_tree.CHECKBOX:
        return done | {"value": bool(field.get("default") if value is None else value)}
    if value is None:
        if needed:
            raise UsageError(f"“{name}” is needed.")
        return done | ({"value": None} if kind == component_tree.RADIO_GROUP else {"values": []})
    if kind == component_tree.RADIO_GROUP:
        return done | {"value": choose(field, [value], resolved)[0]}
    if kind == component_tree.FILE_UPLOAD:
        return done | {"values": [await resolved.file(number) for number in value]}
    if kind == component_tree.CHECKBOX_GROUP:
        field = {"min_values": 1, "max_values": len(field.get("options", ())) or 1} | field
    return done | {"values": choose(field, value, resolved)}


def _text(field: Json, value: object, name: str, *, needed: bool) -> str:
    text = str(field.get("value") or "") if value is None else str(value)
    least = field.get("min_length", 1 if needed else 0)
    if (text or needed) and not max(least, needed) <= len(text):
        raise UsageError(f"“{name}” needs more text.")
    if len(text) > field.get("max_length", 4000):
        raise UsageError(f"“{name}” is too long.")
    return text
