"""Logging to standard error, from which secrets are taken out before a line is written."""

from __future__ import annotations

import logging
import re
import sys
import traceback

from bot.errors import in_one_line
from bot.terminal import shown_lines

_SECRETS = (
    # A bot's token: its id, a time and a signature, in base64 with dots between.
    re.compile(r"[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}"),
    # An interaction's or webhook's token as it stands in the address of a request.
    re.compile(r"(?<=/webhooks/)(\d+/)[\w.-]{20,}"),
    re.compile(r"(?<=/interactions/)(\d+/)[\w.-]{20,}"),
    # The password in the address of a database or a server.
    re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"),
)
_HIDDEN = "[hidden]"


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and then hides every secret in the text.

    Names in it can do nothing to a terminal.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._tokens: set[str] = set()

    def hide(self, token: str) -> None:
        """Hide this very text from now on, whatever it looks like."""
        if token:
            self._tokens.add(token)

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text of a record without secrets."""
        return self.redacted(super().format(record))

    def redacted(self, text: str) -> str:
        """Return a text without secrets, as a terminal may show it."""
        for token in self._tokens:
            text = text.replace(token, _HIDDEN)
        for pattern in _SECRETS:
            text = pattern.sub(lambda match: (match[1] if match.lastindex else "") + _HIDDEN, text)
        return shown_lines(text)


class OneLine(logging.Filter):
    """Says why something failed in the line itself, in the place of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record that has a traceback; none is left out."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.msg = f"{record.getMessage()} ({in_one_line(error)})"
            record.args = record.exc_info = record.exc_text = None
        return True


_formatter = RedactingFormatter()
_one_line = OneLine()


def set_up(level: str, *secrets: str) -> None:
    """Log from `level` on to standard error; `secrets` never appear there."""
    for secret in secrets:
        _formatter.hide(secret)
    root = logging.getLogger()
    if not any(handler.formatter is _formatter for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_formatter)
        root.addHandler(handler)
    root.setLevel(level)
    # discord.py tells every reconnect at INFO and every request at DEBUG: too much below ours.
    logging.getLogger("discord").setLevel(max(logging.INFO, logging.getLevelName(level)))
    for connection in ("discord.client", "discord.shard"):  # a traceback a reconnect
        logging.getLogger(connection).addFilter(_one_line)
    for noisy in ("alembic", "aiosqlite", "PIL", "matplotlib", "filelock"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def print_fault(fault: BaseException) -> None:
    """Print what ends the process to standard error, with its traceback and without secrets."""
    sys.stderr.write(_formatter.redacted("".join(traceback.format_exception(fault))))
