"""Single values of a request, checked and refused in Discord's words.

`path` is a value's dotted place in the request.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.state.entities import Json
from sandbox.state.errors import ApiError, invalid_form


def required(path: str) -> ApiError:
    """Make the refusal of a value that is missing or empty."""
    return invalid_form(path, "BASE_TYPE_REQUIRED", "This field is required")


def check_count(items: list[Json] | None, path: str, least: int, most: int) -> None:
    """Check how many there are of something: ApiError 50035."""
    if not least <= len(items or []) <= most:
        raise invalid_form(
            path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
        )


def check_text(item: Json, key: str, path: str, least: int, most: int) -> None:
    """Check the length of a text, which must be there unless `least` is 0: ApiError 50035."""
    text = item.get(key)
    if not text and least:
        raise required(path)
    if least <= len(text or "") <= most:
        return
    if least == 0:
        raise invalid_form(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    raise invalid_form(
        path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
    )


def check_number(item: Json, key: str, path: str, least: int, most: int) -> None:
    """Check a number, where there is one: ApiError 50035."""
    number = item.get(key)
    if number is None:
        return
    if number < least:
        raise invalid_form(
            f"{path}.{key}",
            "NUMBER_TYPE_MIN",
            f"int value should be greater than or equal to {least}.",
        )
    if number > most:
        raise invalid_form(
            f"{path}.{key}",
            "NUMBER_TYPE_MAX",
            f"int value should be less than or equal to {most}.",
        )


def check_url(url: str | None, path: str, further: tuple[str, ...], longest: int = 2048) -> None:
    """Check an address; beside the web's it may have `further` schemes. ApiError 50035."""
    if not url:
        raise required(path)
    if len(url) > longest:
        raise invalid_form(path, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
    schemes = ("http", "https", *further)
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise invalid_form(
            path,
            "URL_TYPE_INVALID_SCHEME",
            f'Scheme "{parts.scheme}" is not supported. Scheme must be one of {schemes}.',
        )
    if not parts.netloc:
        raise invalid_form(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
