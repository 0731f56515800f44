"""How sorting fails, and how a system's error reads in a sentence."""

from __future__ import annotations


class SortError(Exception):
    """What was asked for can't be done; the text says why."""


def reason(error: OSError) -> str:
    """The system's words for an error, as the end of a sentence."""
    return (error.strerror or str(error)).lower()
