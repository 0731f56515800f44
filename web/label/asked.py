"""Reads what a call for labelling asks: the server, a face, a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from web.problems import ProblemError

if TYPE_CHECKING:
    from aiohttp import web

_Asked = TypeVar("_Asked", bound=BaseModel)


def number_in(request: web.Request, name: str) -> int:
    """Return a number of the path. Raises ProblemError where it is none."""
    text = request.match_info[name]
    if not is_number(text):
        raise ProblemError(404, "There is nothing here.")
    return int(text)


def is_number(text: str) -> bool:
    """Say whether a text is a number that a database takes."""
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63


async def body_of(request: web.Request, model: type[_Asked]) -> _Asked:
    """Return the body of a request. Raises ProblemError where it is not what is expected."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise ProblemError(400, f"That can't be read ({what}).") from None
