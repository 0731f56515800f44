"""What a name may hold, and how a terminal gets it."""

from __future__ import annotations

import logging

import pytest

from bot.logs import RedactingFormatter
from bot.terminal import shown, shown_lines


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("miku 初音ミク é 👩‍🎤.png", "miku 初音ミク é 👩‍🎤.png"),
        ("\x1b]0;owned\x07\x1b[2J.png", r"\x1b]0;owned\x07\x1b[2J.png"),
        ("a\nb\r\tc\x7f\x9b31m", r"a\nb\r\tc\x7f\x9b31m"),
        ("gnp.\u202egpj\u2066\u200f\u061c\u2028", r"gnp.\u202egpj\u2066\u200f\u061c\u2028"),
    ],
)
def test_what_a_terminal_would_obey_is_an_escape(name: str, line: str) -> None:
    assert shown(name) == line


def test_the_lines_of_a_text_stay_lines() -> None:
    assert shown_lines("one\n  two\x1b[1m") == "one\n  two\\x1b[1m"


def test_a_name_in_the_log_does_nothing() -> None:
    record = logging.LogRecord(
        "bot", logging.INFO, __file__, 1, "No portrait of %s", ("\x1b[2JL",), None
    )
    assert RedactingFormatter().format(record).endswith(r"No portrait of \x1b[2JL")
