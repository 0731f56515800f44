"""Errors whose text is for a person; every layer of the bot may raise them."""

from __future__ import annotations


class UserError(Exception):
    """Something a person did that can't be answered; `str()` of it is the kind answer."""


class StartupError(Exception):
    """The bot can't start; the text is one readable line that says what to do."""


_LONGEST = 200


def in_one_line(error: BaseException) -> str:
    """Return what went wrong, for a line of the log."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:_LONGEST]
