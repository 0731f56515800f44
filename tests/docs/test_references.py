"""Files, modules and sections that a document or a docstring names are there."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = "bot|cogs|models|cascades|sandbox|benchmarks|docs|tests"
FILE = re.compile(rf"`((?:{ROOMS})/[\w./*-]+)`")
MODULE = re.compile(rf"(?:`|-m )((?:{ROOMS})(?:\.\w+)+)(?=[`\s,.;:)])")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)?(?:#([\w-]+))?\)")
EXAMPLE = re.compile(r"`[\w/]+\.py`:\n\n```python\n.*?```", re.DOTALL)
"""A file that a reader is shown how to add; it is not there."""
SECTION = re.compile(r"(?:docs/)?(\w+\.md)(?:\))?, \"([^\"]+)\"")


@cache
def tracked() -> tuple[str, ...]:
    """The project's files, by git."""
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(listed.stdout.splitlines())


def documents() -> list[str]:
    return [name for name in tracked() if name.endswith(".md")]


def sources() -> list[str]:
    return [name for name in tracked() if name.endswith(".py") and (ROOT / name).exists()]


def sections(file: Path) -> set[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


def anchor(title: str) -> str:
    """The fragment that a heading gets on a page."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def is_there(module: str) -> bool:
    """Whether a dotted name is a module, or something that a module defines."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            spec = importlib.util.find_spec(".".join(parts[:length]))
            rest = parts[length:]
            if spec is None or spec.origin is None:
                return False
            return not rest or rest[0] in Path(spec.origin).read_text(encoding="utf-8")
    return False


def missing(text: str) -> list[str]:
    """The files and modules that a text names and the project lacks."""
    files = [
        name
        for name in FILE.findall(text)
        if not (list(ROOT.glob(name.rstrip("/"))) or name.startswith("docs/_"))
    ]
    return files + [name for name in MODULE.findall(text) if not is_there(name)]


@pytest.mark.parametrize("name", documents())
def test_a_document_names_what_is_there(name: str) -> None:
    file = ROOT / name
    text = file.read_text(encoding="utf-8")
    assert missing(EXAMPLE.sub("", text)) == []
    for target, fragment in LINK.findall(text):
        linked = (file.parent / target).resolve() if target else file
        assert linked.exists(), target
        if fragment:
            assert fragment in {anchor(title) for title in sections(linked)}, fragment
    for document, title in SECTION.findall(" ".join(text.split())):
        (linked,) = [ROOT / each for each in documents() if Path(each).name == document]
        assert title in sections(linked), title


def test_docstrings_name_what_is_there() -> None:
    wrong: dict[str, list[str]] = {}
    for name in sources():
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        texts = [ast.get_docstring(n) or "" for n in ast.walk(tree) if isinstance(n, kinds)]
        found = [each for text in texts for each in missing(text)]
        if found:
            wrong[name] = found
    assert wrong == {}
