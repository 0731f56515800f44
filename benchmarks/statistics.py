"""How figures are written, for every benchmark."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def today() -> str:
    """The date in UTC, as figures are dated."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """The kind of machine, without its name."""
    return (
        f"{os.cpu_count()} cores {platform.machine()}{_vectors_of_processor()}, no GPU, "
        f"Python {platform.python_version()}"
    )


def _vectors_of_processor() -> str:
    """Which vector instructions it has, where Linux tells: the networks' speed is theirs."""
    path = Path("/proc/cpuinfo")
    flags = set(path.read_text(encoding="utf-8").split()) if path.is_file() else set()
    names = {"avx512_bf16": "AVX-512 BF16", "avx512f": "AVX-512", "avx2": "AVX2"}
    return next((f" with {name}" for flag, name in names.items() if flag in flags), "")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def publish(text: str, docs: Path | None, name: str) -> None:
    """Print what was measured, and put it into section `name` of a document, if there is one."""
    print(text)
    if docs is not None:
        write_section(docs, name, text)


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
