"""Errors of the site: of the API as problem documents (RFC 9457), of pages as a page."""

from __future__ import annotations

import http
import logging
import secrets
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from bot.errors import UserError
from bot.inference import InferenceError, QueueFull
from bot.labelling.labeller import GoneError
from models.images.decoding import PictureError
from web.addresses import API

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong (RFC 9457), in the sentences that the bot uses in chat."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class ProblemError(Exception):
    """What is said to a client instead of an answer."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into one sentence for whoever asked; what nobody foresaw is logged."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return answered(request, ProblemError(413, "That is larger than I take."))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answered(request, ProblemError(error.status, _WORDS.get(error.status, error.reason)))
    except Exception as error:
        return answered(request, _problem(error))


def answered(request: web.Request, problem: ProblemError) -> web.StreamResponse:
    """Answer a request with a problem."""
    title = http.HTTPStatus(problem.status).phrase
    if request.path.startswith(API):
        body = Problem(title=title, status=problem.status, detail=problem.detail)
        return web.Response(
            text=body.model_dump_json(),
            status=problem.status,
            content_type="application/problem+json",
            headers=problem.headers,
        )
    heading = _HEADINGS.get(problem.status, "That did not work")
    context: dict[str, Any] = {"title": heading, "detail": problem.detail}
    page = aiohttp_jinja2.render_template("problem.html", request, context, status=problem.status)
    page.headers.update(problem.headers)
    return page


_HEADINGS = {
    403: "Not allowed",
    404: "Nothing here",
    413: "Too large",
    429: "Too much at once",
    500: "That went wrong",
    502: "Not right now",
    503: "Not right now",
}
"""What stands over a page's problem."""
_WORDS = {
    404: "There is nothing here.",
    405: "That can't be done here.",
}


def _problem(error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case GoneError():
            return ProblemError(404, str(error))
        case UserError():
            return ProblemError(422, str(error))
        case PictureError(code="too_large_bytes" | "too_many_pixels"):
            return ProblemError(413, error.message)
        case PictureError(code="not_a_picture"):
            return ProblemError(415, error.message)
        case PictureError():
            return ProblemError(422, error.message)
        case QueueFull():
            return ProblemError(503, str(error), {"Retry-After": "10"})
        case InferenceError():
            return ProblemError(503, str(error))
    reference = secrets.token_hex(3)
    log.error("A request failed (%s)", reference, exc_info=error)
    return ProblemError(
        500, f"That went wrong, and it is not your fault. Whoever runs me finds it as {reference}."
    )
