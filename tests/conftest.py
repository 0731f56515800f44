"""Fixtures that every test may use."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.databases import database, postgres_server, postgres_url, storage_url

__all__ = ["database", "postgres_server", "postgres_url", "storage_url"]

_FORGOTTEN = (
    "exception was never retrieved",
    "Task was destroyed but it is pending",
    "Unclosed client session",
    "Unclosed connector",
    "Unclosed connection",
)
SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests of whole bots and sites run on another database: `--database postgresql`."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real labelled pictures, or skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real labelled pictures (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a bot identify as soon as it is started anew: a local Discord has no limit there."""
    monkeypatch.setattr("bot.identify_turns.PERIOD", timedelta(0))


@pytest.fixture(autouse=True)
def _no_unretrieved_exceptions() -> Iterator[None]:
    """Fail a test that leaves an exception in a task, or a resource, that nobody looked at.

    asyncio tells of them in its log alone, when the forgotten object is collected.
    """
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if any(each in message for each in _FORGOTTEN):
                heard.append(message)

    listener = Listener(logging.ERROR)
    logger = logging.getLogger("asyncio")
    logger.addHandler(listener)
    try:
        yield
    finally:
        logger.removeHandler(listener)
    assert not heard, "\n".join(heard)
