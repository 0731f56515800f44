"""The JSON of new messages, of members and of webhooks alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.state.component_tree import ACTION_ROW
from sandbox.state.entities import MessageFlag

if TYPE_CHECKING:
    from sandbox.state.entities import Json


def message_body(content: str, embeds: Iterable[Json], components: Iterable[Json]) -> Json:
    """Write a new message; components that are no action rows make it one of layout (v2) alone."""
    shown = list(components)
    layout = any(item.get("type") != ACTION_ROW for item in shown)
    return {
        "content": content,
        "embeds": list(embeds),
        "components": shown,
        "flags": int(MessageFlag.IS_COMPONENTS_V2) if layout else 0,
    }
