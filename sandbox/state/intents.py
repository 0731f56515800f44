"""Gateway intents, and the privileged ones that the developer portal grants."""

from __future__ import annotations

from enum import IntFlag


class Intent(IntFlag):
    """Gateway intents that the sandbox honours."""

    GUILDS = 1 << 0
    MEMBERS = 1 << 1
    PRESENCES = 1 << 8
    MESSAGES = 1 << 9
    REACTIONS = 1 << 10
    TYPING = 1 << 11
    DM_MESSAGES = 1 << 12
    DM_REACTIONS = 1 << 13
    DM_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = {
    "members": Intent.MEMBERS,
    "presences": Intent.PRESENCES,
    "message_content": Intent.MESSAGE_CONTENT,
}
"""Intents that the developer portal must grant, by their names there."""

_APPLICATION_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}


def application_flags(granted: set[str]) -> int:
    """Return the application's flags that say which privileged intents it has."""
    return sum(_APPLICATION_FLAGS[name] for name in granted)
