"""Answers of the API and pages, and numbers that are asked by."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
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


def page(template: str, request: web.Request, *, status: int = 200, **context: Any) -> web.Response:
    """Return a page."""
    context = {"version": version("moedex"), "path": request.path, **context}
    return aiohttp_jinja2.render_template(template, request, context, status=status)


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number of a query, 0 to `most`. Raises ProblemError where it is none."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most):
        raise ProblemError(400, f"“{name}” must be a number from 0 to {most}.")
    return int(text)
