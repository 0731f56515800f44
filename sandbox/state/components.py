"""Buttons, selects, layout and modals: checked, numbered and found again.

What a bot sends is completed the way Discord completes it: every component gets a number (`id`),
selects their limits, and media their real address instead of `attachment://name`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.state.entities import Json
from sandbox.state.errors import invalid_form

Resolver = Callable[[str], Json]
"""Turns a media address as sent into an unfurled media item (`url`, `proxy_url`, ...)."""

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = frozenset({3, 5, 6, 7, 8})
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 17, 18, 19, 21, 22, 23

MAX_TOTAL = 40
MAX_TEXT = 4000
LINK_STYLE = 5


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component, outer ones first, in the order they are shown."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        for key in ("accessory", "component"):
            if key in component:
                yield from walk([component[key]])


def texts(components: list[Json]) -> str:
    """Return the text of every text display, joined by lines."""
    return "\n".join(item["content"] for item in walk(components) if item["type"] == TEXT_DISPLAY)


def complete(components: list[Json], resolve: Resolver, *, layout: bool) -> list[Json]:
    """Check a message's components and complete them as Discord does.

    Args:
        components: As the bot sent them.
        resolve: Finds the media item of an address.
        layout: Whether the message has the flag for layout components (v2).

    Raises:
        ApiError: 50035, where a limit is broken or a component is out of place.

    """
    if not layout and len(components) > 5:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5.")
    if not layout and any(item.get("type") != ACTION_ROW for item in components):
        raise invalid_form(
            "components", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).'
        )
    every = list(walk(components))
    if len(every) > MAX_TOTAL:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be 40 or fewer in total.")
    if len(texts(components)) > MAX_TEXT:
        raise invalid_form("components", "BASE_TYPE_MAX_LENGTH", "Must be 4000 or fewer in length.")
    _check_custom_ids(every)
    used = {item["id"] for item in every if item.get("id")}
    numbers = (number for number in range(1, 2 * MAX_TOTAL + 1) if number not in used)
    return [_complete(item, resolve, numbers) for item in components]


def complete_modal(data: Json) -> Json:
    """Check a modal's form and complete its components; ApiError 50035 where it is wrong."""
    for field, limit in (("title", 45), ("custom_id", 100)):
        if not 1 <= len(data.get(field) or "") <= limit:
            raise invalid_form(f"data.{field}", "BASE_TYPE_BAD_LENGTH", f"Must be 1 to {limit}.")
    components = data.get("components") or []
    rows = [item for item in components if item.get("type") in (ACTION_ROW, LABEL, TEXT_DISPLAY)]
    if not 1 <= len(components) <= 5 or len(rows) != len(components):
        raise invalid_form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be 1 to 5 rows.")
    every = list(walk(components))
    _check_custom_ids(every)
    numbers = iter(range(1, 2 * MAX_TOTAL + 1))
    done = [_complete(item, lambda url: {"url": url}, numbers) for item in components]
    return {"custom_id": data["custom_id"], "title": data["title"], "components": done}


def _check_custom_ids(every: list[Json]) -> None:
    seen: set[str] = set()
    for item in every:
        custom_id = item.get("custom_id")
        if custom_id is None:
            continue
        if not 1 <= len(custom_id) <= 100:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "custom_id: 1 to 100.")
        if custom_id in seen:
            raise invalid_form(
                "components",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)


def _complete(item: Json, resolve: Resolver, numbers: Iterator[int]) -> Json:
    """Complete one component and what is in it; nulls are left out, as Discord does."""
    done = _without_nulls(item)
    done["id"] = done.get("id") or next(numbers)
    match done["type"]:
        case 2:
            _check_button(done)
        case kind if kind in SELECTS:
            _complete_select(done)
        case 11:
            done["media"] = _media(resolve, done["media"])
            done = {"description": None, "spoiler": False} | done
        case 12:
            if not 1 <= len(done["items"]) <= 10:
                raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "items: 1 to 10.")
            done["items"] = [
                {"description": None, "spoiler": False}
                | entry
                | {"media": _media(resolve, entry["media"])}
                for entry in done["items"]
            ]
        case 13:
            done["file"] = resolve(done["file"]["url"])
            name = done["file"]["url"].rsplit("/", 1)[-1]
            size = done["file"].pop("size", None)
            done = {"spoiler": False, "name": name, "size": size} | done
        case 14:
            done = {"spacing": 1, "divider": True} | done
        case 17:
            done = {"accent_color": None, "spoiler": False} | done
        case 1:
            _check_row(done)
        case _:
            pass
    if "components" in done:
        done["components"] = [_complete(part, resolve, numbers) for part in done["components"]]
    for key in ("accessory", "component"):
        if key in done:
            done[key] = _complete(done[key], resolve, numbers)
    return done


def _without_nulls(item: Json) -> Json:
    """Leave out what is null, in the emoji of a button or option too."""
    kept = {key: value for key, value in item.items() if value is not None}
    if "emoji" in kept:
        kept["emoji"] = _without_nulls(kept["emoji"])
    return kept


def _media(resolve: Resolver, item: Json) -> Json:
    media = resolve(item["url"])
    media.pop("size", None)
    return media


def _check_row(row: Json) -> None:
    parts = row.get("components") or []
    wide = any(part.get("type") in SELECTS for part in parts)
    if not 1 <= len(parts) <= (1 if wide else 5):
        raise invalid_form("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A row is too wide.")


def _check_button(button: Json) -> None:
    if len(button.get("label") or "") > 80:
        raise invalid_form("components", "BASE_TYPE_MAX_LENGTH", "label: 80 or fewer.")
    if not button.get("label") and not button.get("emoji"):
        raise invalid_form("components", "BASE_TYPE_REQUIRED", "A button needs a label or emoji.")
    if ("url" in button) != (button.get("style") == LINK_STYLE):
        raise invalid_form("components", "BASE_TYPE_REQUIRED", "Only link buttons have a url.")
    if button.get("style") != LINK_STYLE and "custom_id" not in button:
        raise invalid_form("components", "BASE_TYPE_REQUIRED", "A button needs a custom_id.")


def _complete_select(select: Json) -> None:
    select.setdefault("min_values", 1)
    select.setdefault("max_values", 1)
    if len(select.get("placeholder") or "") > 150:
        raise invalid_form("components", "BASE_TYPE_MAX_LENGTH", "placeholder: 150 or fewer.")
    if select["type"] != STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= 25:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "options: 1 to 25.")
    values = [option["value"] for option in options]
    if len(set(values)) != len(values):
        raise invalid_form(
            "components", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "option values must differ"
        )
    for option in options:
        for key in ("label", "value"):
            if not 1 <= len(option[key]) <= 100:
                raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", f"{key}: 1 to 100.")
        if len(option.get("description") or "") > 100:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "description: up to 100.")
    select["options"] = [_without_nulls(option) for option in options]
