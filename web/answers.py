"""Answers of the API, and pages."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
from aiohttp import web

if TYPE_CHECKING:
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
