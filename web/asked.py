"""Reads what a request asks: numbers of its path and query, and models in its query or body."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from web.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

_Asked = TypeVar("_Asked", bound=BaseModel)


def is_number(text: str) -> bool:
    """Say whether a text is a number that a database takes."""
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number of a query, 0 to `most`. Raises ProblemError where it is none."""
    text = query.get(name, str(default))
    if not (is_number(text) and int(text) <= most):
        raise ProblemError(400, f"“{name}” must be a number from 0 to {most}.")
    return int(text)


def number_in(request: web.Request, name: str) -> int:
    """Return a number of the path. Raises ProblemError where it is none."""
    text = request.match_info[name]
    if not is_number(text):
        raise ProblemError(404, "There is nothing here.")
    return int(text)


def query_of(request: web.Request, model: type[_Asked]) -> _Asked:
    """Return the query of a request. Raises ProblemError where it is not what is expected."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise _unreadable(error) from None


async def body_of(request: web.Request, model: type[_Asked]) -> _Asked:
    """Return the body of a request. Raises ProblemError where it is not what is expected."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise _unreadable(error) from None


def _unreadable(error: ValidationError) -> ProblemError:
    wrong = error.errors()[0]
    where = ".".join(map(str, wrong["loc"]))
    return ProblemError(400, f"{f'“{where}”' if where else 'That'} can't be read: {wrong['msg']}.")
