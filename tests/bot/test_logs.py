"""No secret gets into a log line, wherever in the record it is."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from bot.logs import OneLine, RedactingFormatter
from bot.storage import StorageError
from bot.storage.location import sqlite_file

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


def test_passwords_in_addresses_are_hidden() -> None:
    shown = logged("no %s", "postgresql+asyncpg://moe:s3cret-pass@db.example:5432/moedex")
    assert shown.endswith("no postgresql+asyncpg://moe:[hidden]@db.example:5432/moedex")
    assert "http://a.example:80/b@c" in logged("see http://a.example:80/b@c")


def test_an_address_of_a_database_that_is_none_is_not_repeated() -> None:
    for url in ("moe:s3cret-pass@db", "postgresql://moe:s3cret-pass@db:port/moedex"):
        with pytest.raises(StorageError) as caught:
            sqlite_file(url)
        assert "s3cret" not in str(caught.value)


def test_what_ends_the_process_is_printed_without_secrets() -> None:
    code = f"""
import sys
from bot import __main__, cli, logs

def fail() -> None:
    logs.set_up("INFO", "an-odd-token")
    raise OSError("no luck with {TOKEN} and an-odd-token")

cli.app.command("fail")(fail)
sys.argv = ["moedex", "fail"]
__main__.main()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "OSError: no luck with [hidden] and [hidden]" in done.stderr
    assert TOKEN not in done.stderr + done.stdout


def test_a_reconnect_is_one_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.one_line")
    logger.addFilter(OneLine())
    try:
        raise ConnectionResetError("the other side is gone")
    except ConnectionResetError:
        logger.exception("Attempting a reconnect in %.2fs", 1.5)
    logger.warning("Nothing %s", "failed")
    failed, other = caplog.records
    assert failed.getMessage() == (
        "Attempting a reconnect in 1.50s (ConnectionResetError: the other side is gone)"
    )
    assert failed.exc_info is None
    assert other.getMessage() == "Nothing failed"
