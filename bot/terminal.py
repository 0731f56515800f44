"""Text for a terminal, in which a name can do nothing.

Whoever names a file or a character may write sequences that a terminal obeys, or marks that turn
the line round. They are shown as escapes, so that it can be seen what the name is.
"""

from __future__ import annotations

import re
from typing import Final

TURNING_ROUND: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that change the direction of what comes after them, as a set of a regular expression."""
_OBEYED = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{TURNING_ROUND}]")


def shown(line: str) -> str:
    """Return a line as a terminal may show it: line feeds within it are escapes too."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), line)


def shown_lines(text: str) -> str:
    """Return a text of several lines as a terminal may show it."""
    return "\n".join(map(shown, text.split("\n")))
