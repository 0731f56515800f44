"""The components of messages and forms: their types, and the ways through a tree of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.state.entities import Json

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = frozenset({3, 5, 6, 7, 8})
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 17, 18, 19, 21, 22, 23

INNER = ("accessory", "component")
"""Keys under which a section and a label hold the one component that isn't in their list."""


def places(items: Iterable[Json], path: str = "components") -> Iterator[tuple[Json, str]]:
    """Yield every component, outer ones first, in the order they are shown.

    Each comes with its dotted path in the request, such as `components.0.accessory`.
    """
    for number, item in enumerate(items):
        yield from _places_in(item, f"{path}.{number}")


def _places_in(item: Json, path: str) -> Iterator[tuple[Json, str]]:
    yield item, path
    yield from places(item.get("components") or (), f"{path}.components")
    for key in INNER:
        if item.get(key):
            yield from _places_in(item[key], f"{path}.{key}")


def walk(items: Iterable[Json]) -> Iterator[Json]:
    """Yield every component, outer ones first, in the order they are shown."""
    return (item for item, _ in places(items))


def texts(items: Iterable[Json]) -> str:
    """Return the text of every text display, joined by lines."""
    return "\n".join(item["content"] for item in walk(items) if item["type"] == TEXT_DISPLAY)


def media(items: Iterable[Json]) -> Iterator[Json]:
    """Yield the media items of completed thumbnails, galleries and files."""
    for item in walk(items):
        if item["type"] == THUMBNAIL:
            yield item["media"]
        elif item["type"] == MEDIA_GALLERY:
            yield from (entry["media"] for entry in item["items"])
        elif item["type"] == FILE:
            yield item["file"]
