"""Answers of the API, and numbers that are asked by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from web.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


def answer(body: BaseModel) -> web.Response:
    """Return a model as JSON."""
    # What was not said of a guess (who else gave it) is left out, as the command line does.
    text = body.model_dump_json(exclude_unset=True)
    return web.Response(text=text, content_type="application/json")


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number of a query, 0 to `most`. Raises ProblemError where it is none."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most):
        raise ProblemError(400, f"“{name}” must be a number from 0 to {most}.")
    return int(text)
