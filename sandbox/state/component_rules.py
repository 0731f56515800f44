"""What Discord demands of the components of messages and forms, and in which words it refuses them.

Every check names the place in the request, such as `components.0.components.1.custom_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.state.component_tree import (
    ACTION_ROW,
    BUTTON,
    CHECKBOX,
    CHECKBOX_GROUP,
    CONTAINER,
    FILE,
    FILE_UPLOAD,
    LABEL,
    MEDIA_GALLERY,
    RADIO_GROUP,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    THUMBNAIL,
    places,
)
from sandbox.state.entities import Json
from sandbox.state.errors import invalid_form
from sandbox.state.values import check_count, check_number, check_text, check_url, required

MAX_TOTAL = 40
"""Components of a message, nested ones counted."""
MAX_TEXT = 4000
"""Characters of all text displays of a message."""
MAX_ROWS = 5
"""Rows of a form, and of a message without the flag for layout components."""

_IN_LEGACY = (ACTION_ROW,)
IN_LAYOUT = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER)
_IN_FORM = (ACTION_ROW, TEXT_DISPLAY, LABEL)
IN_CONTAINER = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
IN_ROW = (BUTTON, *sorted(SELECTS))
_IN_LABEL = (
    *sorted(SELECTS | {TEXT_INPUT}),
    FILE_UPLOAD,
    RADIO_GROUP,
    CHECKBOX_GROUP,
    CHECKBOX,
)
ACCESSORIES = (BUTTON, THUMBNAIL)

_LINK, _PREMIUM = 5, 6
_BUTTON_STYLES = range(1, 7)
_MAX_COLOUR = 0xFFFFFF


def check_message(items: list[Json], *, layout: bool) -> None:
    """Check a message's components; `layout` where it has the flag for layout components (v2).

    Raises:
        ApiError: 50035, where a limit is broken or a component is out of place.

    """
    most = MAX_TOTAL if layout else MAX_ROWS
    if items:
        check_count(items, "components", 1, most)
    _check_all(items, "components", IN_LAYOUT if layout else _IN_LEGACY, IN_ROW)
    every = list(places(items))
    if len(every) > MAX_TOTAL:
        raise invalid_form(
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"Total number of components exceeds maximum of {MAX_TOTAL}",
        )
    if sum(len(item["content"]) for item, _ in every if item["type"] == TEXT_DISPLAY) > MAX_TEXT:
        raise invalid_form(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"Components displayable text size exceeds maximum size of {MAX_TEXT}",
        )
    _check_unique(every)


def check_form(form: Json) -> None:
    """Check a form (modal): its title, its id, its rows; ApiError 50035 where it is wrong."""
    check_text(form, "title", "title", 1, 45)
    check_text(form, "custom_id", "custom_id", 1, 100)
    items = form.get("components") or []
    check_count(items, "components", 1, MAX_ROWS)
    _check_all(items, "components", _IN_FORM, (TEXT_INPUT,))
    _check_unique(list(places(items)))


def _check_all(
    items: list[Json], path: str, allowed: tuple[int, ...], in_row: tuple[int, ...]
) -> None:
    for number, item in enumerate(items):
        _check(item, f"{path}.{number}", allowed, in_row)


def _check(item: Json, path: str, allowed: tuple[int, ...], in_row: tuple[int, ...]) -> None:
    """Check one component and what is in it."""
    kind = item.get("type")
    if kind not in allowed:
        raise invalid_form(
            path, "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed}.'
        )
    check_number(item, "id", path, 0, 2**31 - 1)
    if kind == ACTION_ROW:
        _check_row(item, path, in_row)
    elif kind == CONTAINER:
        check_number(item, "accent_color", path, 0, _MAX_COLOUR)
        check_count(item.get("components"), f"{path}.components", 1, MAX_TOTAL)
        _check_all(item["components"], f"{path}.components", IN_CONTAINER, in_row)
    elif kind == SECTION:
        check_count(item.get("components"), f"{path}.components", 1, 3)
        _check_all(item["components"], f"{path}.components", (TEXT_DISPLAY,), in_row)
        _check_inner(item, "accessory", path, ACCESSORIES, in_row)
    elif kind == LABEL:
        check_text(item, "label", f"{path}.label", 1, 45)
        _check_inner(item, "component", path, _IN_LABEL, in_row)
    elif kind in _CHECKS:
        _CHECKS[kind](item, path)


def _check_inner(
    item: Json, key: str, path: str, allowed: tuple[int, ...], in_row: tuple[int, ...]
) -> None:
    """Check the one component that another holds under a key."""
    if not item.get(key):
        raise required(f"{path}.{key}")
    _check(item[key], f"{path}.{key}", allowed, in_row)


def _check_row(row: Json, path: str, in_row: tuple[int, ...]) -> None:
    parts = row.get("components")
    check_count(parts, f"{path}.components", 1, 5)
    _check_all(parts or [], f"{path}.components", in_row, in_row)
    # a select, or a text field, takes the whole width
    wide = any(part["type"] != BUTTON for part in parts or [])
    if wide and len(parts or []) > 1:
        raise invalid_form(
            f"{path}.components.1",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _check_text_display(item: Json, path: str) -> None:
    check_text(item, "content", f"{path}.content", 1, MAX_TEXT)


def _check_thumbnail(item: Json, path: str) -> None:
    _check_media(item, path)


def _check_gallery(gallery: Json, path: str) -> None:
    check_count(gallery.get("items"), f"{path}.items", 1, 10)
    for number, item in enumerate(gallery["items"]):
        _check_media(item, f"{path}.items.{number}")


def _check_media(item: Json, path: str) -> None:
    """Check a shown picture: its address and its alt text."""
    check_url((item.get("media") or {}).get("url"), f"{path}.media.url", ("attachment",))
    if item.get("description") is not None:
        check_text(item, "description", f"{path}.description", 1, 1024)


def _check_file(item: Json, path: str) -> None:
    url = (item.get("file") or {}).get("url") or ""
    check_url(url, f"{path}.file.url", ("attachment",))
    if not url.startswith("attachment://"):
        raise invalid_form(
            f"{path}.file.url",
            "UNFURLED_MEDIA_ITEM_ATTACHMENT_REFERENCE_REQUIRED",
            "A file must be a reference to an attachment",
        )


def _check_separator(item: Json, path: str) -> None:
    if item.get("spacing") not in (None, 1, 2):
        raise invalid_form(f"{path}.spacing", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")


def _check_button(button: Json, path: str) -> None:
    style: int = button.get("style") or 0
    if style not in _BUTTON_STYLES:
        choices = ", ".join(map(str, _BUTTON_STYLES))
        raise invalid_form(
            f"{path}.style", "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}."
        )
    if button.get("label") is not None:
        check_text(button, "label", f"{path}.label", 0, 80)
    needed = {_LINK: "url", _PREMIUM: "sku_id"}.get(style, "custom_id")
    if not button.get(needed):
        raise required(f"{path}.{needed}")
    for other in {"url", "sku_id", "custom_id"} - {needed}:
        if button.get(other):
            raise invalid_form(
                path, "BUTTON_COMPONENT_FIELDS_CONFLICT", f"{needed} and {other} are exclusive"
            )
    if style == _LINK:
        check_url(button["url"], f"{path}.url", ("discord",), longest=512)
    if style != _PREMIUM and not button.get("label") and not button.get("emoji"):
        raise required(f"{path}.label")


def _check_select(select: Json, path: str) -> None:
    if select.get("placeholder") is not None:
        check_text(select, "placeholder", f"{path}.placeholder", 0, 150)
    check_number(select, "min_values", path, 0, 25)
    check_number(select, "max_values", path, 1, 25)
    if select["type"] != STRING_SELECT:
        return
    options = select.get("options") or []
    check_count(options, f"{path}.options", 1, 25)
    values: set[str] = set()
    for number, option in enumerate(options):
        at = f"{path}.options.{number}"
        for key in ("label", "value"):
            check_text(option, key, f"{at}.{key}", 1, 100)
        if option.get("description") is not None:
            check_text(option, "description", f"{at}.description", 0, 100)
        if option["value"] in values:
            raise invalid_form(
                f"{at}.value",
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        values.add(option["value"])


_CHECKS: dict[int, Callable[[Json, str], None]] = {
    BUTTON: _check_button,
    TEXT_DISPLAY: _check_text_display,
    THUMBNAIL: _check_thumbnail,
    MEDIA_GALLERY: _check_gallery,
    FILE: _check_file,
    SEPARATOR: _check_separator,
    **dict.fromkeys(SELECTS, _check_select),
}
"""What is checked of the components that hold no others, by type."""


def _check_unique(every: list[tuple[Json, str]]) -> None:
    """Check that custom ids and ids are there once, and that what needs a custom id has one."""
    seen: dict[str, set[Any]] = {"custom_id": set(), "id": set()}
    codes = {"custom_id": "COMPONENT_CUSTOM_ID_DUPLICATED", "id": "COMPONENT_ID_DUPLICATED"}
    for item, path in every:
        if item.get("custom_id") is not None or item["type"] in SELECTS:
            check_text(item, "custom_id", f"{path}.custom_id", 1, 100)
        for key, known in seen.items():
            if not item.get(key):
                continue
            if item[key] in known:
                words = "custom id" if key == "custom_id" else "id"
                raise invalid_form(
                    f"{path}.{key}", codes[key], f"Component {words} cannot be duplicated"
                )
            known.add(item[key])
