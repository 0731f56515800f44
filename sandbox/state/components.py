"""Components as Discord completes them once they are checked.

Every component gets a number (`id`), selects their limits, and media their real address instead of
`attachment://name`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote

from sandbox.state import component_rules as rules
from sandbox.state.component_tree import (
    CONTAINER,
    FILE,
    INNER,
    MEDIA_GALLERY,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    THUMBNAIL,
    walk,
)
from sandbox.state.entities import Json

Resolver = Callable[[str, str], Json]
"""Turns a media address as sent, and its path in the request, into an unfurled media item."""


def complete(items: list[Json], resolve: Resolver, *, layout: bool) -> list[Json]:
    """Check a message's components and complete them as Discord does.

    Args:
        items: As the bot sent them.
        resolve: Finds the media item of an address (`url`, `proxy_url`, ...).
        layout: Whether the message has the flag for layout components (v2).

    Raises:
        ApiError: 50035, where a limit is broken or a component is out of place.

    """
    rules.check_message(items, layout=layout)
    numbers = _free_numbers(items)
    return [
        _complete(item, f"components.{number}", resolve, numbers)
        for number, item in enumerate(items)
    ]


def complete_form(form: Json) -> Json:
    """Check a form (modal) and complete its components; ApiError 50035 where it is wrong."""
    rules.check_form(form)
    items = form["components"]
    numbers = _free_numbers(items)
    done = [_complete(item, "components", lambda url, _: {"url": url}, numbers) for item in items]
    return {"custom_id": form["custom_id"], "title": form["title"], "components": done}


def _free_numbers(items: list[Json]) -> Iterator[int]:
    """Count from 1, without the numbers that the bot gave to components itself."""
    used = {item["id"] for item in walk(items) if item.get("id")}
    return (number for number in range(1, 2 * rules.MAX_TOTAL + 1) if number not in used)


def _complete(item: Json, path: str, resolve: Resolver, numbers: Iterator[int]) -> Json:
    """Complete one component and what is in it; nulls are left out, as Discord does."""
    done: Json = _without_nulls(item)
    done["id"] = done.get("id") or next(numbers)
    kind = done["type"]
    if kind in SELECTS:
        done = {"min_values": 1, "max_values": 1} | done
        if kind == STRING_SELECT:
            done["options"] = [_without_nulls(option) for option in done["options"]]
    elif kind == THUMBNAIL:
        done = _shown(done, path, resolve)
    elif kind == MEDIA_GALLERY:
        done["items"] = [
            _shown(_without_nulls(entry), f"{path}.items.{number}", resolve)
            for number, entry in enumerate(done["items"])
        ]
    elif kind == FILE:
        file = resolve(done["file"]["url"], f"{path}.file.url")
        name = unquote(file["url"].partition("?")[0].rsplit("/", 1)[-1])
        done = {"spoiler": False} | done | {"name": name, "size": file.pop("size"), "file": file}
    elif kind == SEPARATOR:
        done = {"spacing": 1, "divider": True} | done
    elif kind == CONTAINER:
        done = {"accent_color": None, "spoiler": False} | done
    if "components" in done:
        done["components"] = [
            _complete(part, f"{path}.components.{number}", resolve, numbers)
            for number, part in enumerate(done["components"])
        ]
    for key in INNER:
        if key in done:
            done[key] = _complete(done[key], f"{path}.{key}", resolve, numbers)
    return done


def _shown(item: Json, path: str, resolve: Resolver) -> Json:
    """Complete a thumbnail or an item of a gallery."""
    media = resolve(item["media"]["url"], f"{path}.media.url")
    media.pop("size", None)
    return {"description": None, "spoiler": False} | item | {"media": media}


def _without_nulls(item: Json) -> Json:
    """Leave out what is null, in the emoji of a button or option too."""
    kept = {key: value for key, value in item.items() if value is not None}
    if "emoji" in kept:
        kept["emoji"] = _without_nulls(kept["emoji"])
    return kept
