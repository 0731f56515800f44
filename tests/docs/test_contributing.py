"""The examples of `docs/contributing.md`, each put into its place and used."""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import numpy as np
import pytest
from discord.ext import commands
from sqlalchemy import create_engine, inspect

import benchmarks
import cogs.info
import models.detection
from bot.storage import Storage
from models.detection import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"`([\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall((ROOT / "docs/contributing.md").read_text(encoding="utf-8")))


@contextmanager
def in_place(file: str, package: ModuleType, folder: Path) -> Iterator[str]:
    """Let an example be a module of `package` for a while; gives its dotted name."""
    name = f"{package.__name__}.{Path(file).stem}"
    (folder / Path(file).name).write_text(EXAMPLES[file], encoding="utf-8")
    package.__path__.append(str(folder))
    importlib.invalidate_caches()
    try:
        yield name
    finally:
        package.__path__.remove(str(folder))
        sys.modules.pop(name, None)


async def test_a_cog(tmp_path: Path) -> None:
    client = commands.Bot("!", intents=discord.Intents.none())
    with in_place("cogs/info/latency.py", cogs.info, tmp_path) as name:
        await client.load_extension(name)
        assert client.tree.get_command("latency") is not None


def test_a_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.detector_names()  # the installed ones register once a process: before the change
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    with in_place("models/detection/middle.py", models.detection, tmp_path):
        assert "middle" in registry.detector_names()
        (face,) = registry.load_detector("middle").detect(np.zeros((80, 40, 3), np.uint8))
    assert face.box.as_list() == [10, 20, 30, 60]


async def test_a_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.storage import schema

    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    last = sorted(path.name[:4] for path in (folder / "versions").glob("[0-9]*.py"))[-1]
    text = EXAMPLES["bot/storage/migrations/versions/NNNN_note.py"]
    text = text.replace("NNNN", f"{int(last) + 1:04}").replace("LAST", last)
    (folder / "versions" / "note.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    async with Storage.open(tmp_path / "moedex.db"):
        pass
    columns = inspect(create_engine(f"sqlite:///{tmp_path}/moedex.db")).get_columns(
        "watched_channels"
    )
    assert "note" in {column["name"] for column in columns}


def test_a_benchmark(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with in_place("benchmarks/hashing.py", benchmarks, tmp_path) as name:
        importlib.import_module(name).main(page)
    assert "| 1,000 x 1,000 pixels |" in page.read_text(encoding="utf-8")


def test_every_example_is_used() -> None:
    assert set(EXAMPLES) == {
        "cogs/info/latency.py",
        "models/detection/middle.py",
        "bot/storage/migrations/versions/NNNN_note.py",
        "benchmarks/hashing.py",
    }
