"""The error whose text is for the person who caused it; every layer of the bot may raise it."""

from __future__ import annotations


class UserError(Exception):
    """Something a person did that can't be answered; `str()` of it is the kind answer."""
