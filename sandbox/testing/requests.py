"""A member's requests in the shape in which Discord's clients send them.

Tests name options, buttons and fields as people see them, and pass files and users as objects;
here they become custom ids, ids and numbers of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sandbox.state import component_tree
from sandbox.state.errors import UsageError
from sandbox.state.files import Upload
from sandbox.state.options import find_options, nest_options
from sandbox.testing.uploads import FileLike, as_upload

if TYPE_CHECKING:
    from sandbox.state.entities import Json, Message, User
    from sandbox.state.interaction import Interaction


@runtime_checkable
class HasId(Protocol):
    """A user, a member, a role or a channel: what Discord's requests name by its id."""

    @property
    def id(self) -> int:
        """Return the id."""
        ...


OptionValue = str | int | float | bool | FileLike | HasId
"""What a member may pass for a command's option."""


def option_values(
    values: Mapping[str, OptionValue], uploads: dict[int, Upload], focused: str | None = None
) -> list[Json]:
    """Write a command's option values, the focused one marked; files join `uploads`."""
    return [
        {"name": name, "value": _raw(value, uploads)}
        | ({"focused": True} if name == focused else {})
        for name, value in values.items()
    ]


def command_data(
    command: Json, path: Sequence[str] = (), values: Sequence[Json] | None = None
) -> Json:
    """Write the use of a command; `path` names its group and subcommand."""
    data: Json = {key: command[key] for key in ("id", "name", "type")}
    if values is not None:
        find_options(command, path)
        data["options"] = nest_options(command, path, list(values))
    return data


def press_data(message: Message, wanted: str, user: User) -> Json:
    """Write the press of a button, found by its `custom_id`, label or emoji."""
    button = _component(message, wanted, user)
    if button["type"] != component_tree.BUTTON:
        raise UsageError(f"“{wanted}” is no button.")
    return {"custom_id": button["custom_id"], "component_type": button["type"]}


def select_data(message: Message, wanted: str, user: User, values: Iterable[Any]) -> Json:
    """Write a choice in a select, found by its `custom_id` or placeholder."""
    select = _component(message, wanted, user)
    if select["type"] not in component_tree.SELECTS:
        raise UsageError(f"“{wanted}” is no select.")
    return {
        "custom_id": select["custom_id"],
        "component_type": select["type"],
        "values": _chosen(select, values),
    }


def form_data(
    interaction: Interaction, values: Mapping[str, Any], uploads: dict[int, Upload]
) -> Json:
    """Write a filled-in form; its fields are named by `custom_id` or label, files join `uploads`.

    Raises:
        UsageError: The bot opened no form, or it has no field of that name.

    """
    if interaction.modal is None:
        raise UsageError("The bot opened no form.")
    left = dict(values)
    rows: list[Json] = []
    for row in interaction.modal["components"]:
        for field in component_tree.walk([row]):
            names = {field.get("custom_id"), field.get("label"), row.get("label")}
            name = next((name for name in left if name in names), None)
            if "custom_id" in field and name is not None:
                filled = _field(field, left.pop(name), uploads)
                rows.append({"type": component_tree.LABEL, "component": filled})
    if left:
        raise UsageError(f"The form has no field “{next(iter(left))}”.")
    return {
        "id": str(interaction.id),
        "custom_id": interaction.modal["custom_id"],
        "components": rows,
    }


def _field(field: Json, value: Any, uploads: dict[int, Upload]) -> Json:
    done: Json = {"type": field["type"], "custom_id": field["custom_id"]}
    if field["type"] == component_tree.FILE_UPLOAD:
        return done | {"values": [_raw(item, uploads) for item in value]}
    if field["type"] in (component_tree.TEXT_INPUT, component_tree.CHECKBOX):
        return done | {"value": value}
    if field["type"] == component_tree.RADIO_GROUP:
        return done | {"value": _chosen(field, [value])[0]}
    return done | {"values": _chosen(field, value)}


def _raw(value: object, uploads: dict[int, Upload]) -> object:
    """Return a value as JSON: a file by its number, an object by its id."""
    if isinstance(value, (Upload, tuple)):
        number = len(uploads)
        uploads[number] = as_upload(value)
        return number
    return str(value.id) if isinstance(value, HasId) else value


def _chosen(select: Json, values: Iterable[Any]) -> list[Any]:
    """Return the values of a select's options that are named by value or label; ids of objects."""
    by_label = {option["label"]: option["value"] for option in select.get("options", ())}
    known = set(by_label.values())
    raw = [_raw(value, {}) for value in values]
    return [value if value in known else by_label.get(value, value) for value in raw]


def _component(message: Message, wanted: str, user: User) -> Json:
    """Find a button or select by its `custom_id`, else by its label, emoji or placeholder."""
    if message.deleted or message.visible_to not in (None, user.id):
        raise UsageError("The message is gone.")
    interactive = [item for item in component_tree.walk(message.components) if "custom_id" in item]
    for item in interactive:
        if item["custom_id"] == wanted:
            return item
    for item in interactive:
        emoji = (item.get("emoji") or {}).get("name")
        if wanted in (item.get("label"), emoji, item.get("placeholder")):
            return item
    raise UsageError(f"The message has no “{wanted}”.")
