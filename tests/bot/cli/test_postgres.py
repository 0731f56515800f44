"""What the command line says about a PostgreSQL storage, and moves into it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import Config
from bot.doctor import Finding, _storage
from bot.storage import Storage
from tests.databases import MEMBER, PASSWORD

if TYPE_CHECKING:
    from tests.databases import PostgresServer


def examined(url: str) -> Finding:
    """Return what the doctor says of a storage; never the password."""
    finding = _storage(Config(storage={"url": url}))  # pyright: ignore[reportArgumentType]
    assert PASSWORD not in str(finding)
    return finding


def test_the_doctor_names_server_extension_and_schema(postgres_url: str) -> None:
    finding = examined(postgres_url)
    assert finding.state == "well"
    assert "PostgreSQL 18" in finding.found
    assert "with pgvector 0." in finding.found
    assert finding.found.endswith("up to date")


def test_the_doctor_says_what_is_missing(postgres_server: PostgresServer) -> None:
    postgres_server.sql("CREATE DATABASE unmade TEMPLATE template0")
    try:
        url = postgres_server.url("unmade", MEMBER, PASSWORD)
        finding = examined(url)
        assert (finding.state, "CREATE EXTENSION vector" in finding.advice) == ("broken", True)
        postgres_server.sql("CREATE EXTENSION vector", "unmade")
        assert examined(url).found.endswith("tables will be made")
        wrong = examined(postgres_server.url("unmade", MEMBER, "wrong"))
        assert (wrong.state, wrong.found.split(" ", 2)[2]) == (
            "broken",
            "refuses the user or the password.",
        )
    finally:
        postgres_server.drop("unmade")


def test_the_doctor_says_that_a_server_is_away(tmp_path: Path) -> None:
    finding = examined(f"postgresql+asyncpg://{MEMBER}:{PASSWORD}@/x?host={tmp_path}")
    assert finding.state == "broken"
    assert "does not answer" in finding.found


def test_a_backup_of_it_is_left_to_other_tools(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOEDEX_STORAGE__URL", postgres_url)
    result = CliRunner().invoke(app, ["backup", str(tmp_path / "saved.zip")])
    assert result.exit_code == 1
    assert "moedex storage copy" in result.output
    assert "pg_dump" in result.output


def test_a_portable_backup_by_way_of_a_file(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the server into a file, a backup of that, and back into another server's database."""

    async def guesses(url: str | Path, number: int | None = None) -> int:
        async with Storage.open(url) as storage:
            if number is not None:
                await storage.settings.update(1, guesses=number)
            return (await storage.settings.get(1)).guesses

    asyncio.run(guesses(postgres_url, 3))
    file, saved = tmp_path / "copy" / "moedex.db", tmp_path / "saved.zip"
    result = CliRunner().invoke(app, ["storage", "copy", postgres_url, str(file)])
    assert result.exit_code == 0, result.output
    assert "The same in both:" in result.output
    monkeypatch.setenv("MOEDEX_STORAGE__URL", f"sqlite+aiosqlite:///{file}")
    assert CliRunner().invoke(app, ["backup", str(saved)]).exit_code == 0
    asyncio.run(guesses(file, 1))
    assert CliRunner().invoke(app, ["restore", str(saved), "--replace"]).exit_code == 0
    assert asyncio.run(guesses(file)) == 3
    again = CliRunner().invoke(app, ["storage", "copy", str(file), postgres_url])
    assert (again.exit_code, "is not empty" in again.output) == (1, True)
