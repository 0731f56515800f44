"""How figures are written, for every benchmark."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def today() -> str:
    """The date in UTC, as figures are dated."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """The kind of machine, without its name."""
    return (
        f"{os.cpu_count()} cores {platform.machine()}, no GPU, Python {platform.python_version()}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def write_section(path: Path, name: str, text: str) -> None:
    """Put `text` between the markers of section `name` in a Markdown file; append it if new."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if begin in before and end in before:
        head, rest = before.split(begin, 1)
        after = head + section + rest.split(end, 1)[1]
    else:
        after = f"{before.rstrip()}\n\n{section}\n".lstrip()
    path.write_text(after, encoding="utf-8")
