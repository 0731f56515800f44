"""No secret gets into a log line, wherever in the record it is."""

from __future__ import annotations

import logging
import sys

from bot.logs import RedactingFormatter

# The shape of a real token, made up; written in parts so that scanners don't take it for one.
TOKEN = ".".join(("MTIzNDU2Nzg5MDEyMzQ1Njc4OQ", "GabcdE", "aB3-" * 10))


def logged(message: str, *arguments: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, arguments, info)
    formatter = RedactingFormatter()
    formatter.hide("an-odd-token")
    return formatter.format(record)


def test_an_ordinary_line_stays_as_it_is() -> None:
    assert logged("Ready as %s in %d servers", "Moedex#1", 3).endswith(
        "INFO    test: Ready as Moedex#1 in 3 servers"
    )


def test_tokens_are_hidden() -> None:
    for text in (TOKEN, f"Bot {TOKEN}", f"{{'token': '{TOKEN}'}}", "an-odd-token"):
        shown = logged("login with %s", text)
        assert text not in shown
        assert TOKEN not in shown
        assert "[hidden]" in shown


def test_tokens_are_hidden_in_tracebacks() -> None:
    try:
        raise ValueError(f"refused: {TOKEN}")
    except ValueError:
        shown = logged("no luck", error=sys.exc_info()[1])
    assert "ValueError: refused: [hidden]" in shown


def test_interaction_tokens_in_addresses_are_hidden() -> None:
    secret = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5"
    for url in (
        f"https://discord.com/api/v10/webhooks/123/{secret}/messages/@original",
        f"https://discord.com/api/v10/interactions/123/{secret}/callback",
    ):
        shown = logged("POST %s has failed", url)
        assert secret not in shown
        assert "/123/[hidden]/" in shown
