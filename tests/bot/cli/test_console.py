"""A console that can't print Japanese gets escapes from every command, not a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp932"])
@pytest.mark.parametrize(
    "command",
    [
        ("identify", "漢字.png"),
        ("identify", "漢字.png", "--csv"),
        ("sort", "漢字.png", "--into", "x"),
    ],
)
def test_what_a_console_has_no_letters_for_is_escaped(
    command: tuple[str, ...], encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = CliRunner(charset=encoding).invoke(app, command)
    assert isinstance(found.exception, SystemExit)
    told = found.output_bytes.decode(encoding)
    assert ("漢字" if encoding == "cp932" else r"\u6f22\u5b57") in told


def test_the_process_itself_does_so(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(Path.cwd())}
    found = subprocess.run(
        [sys.executable, "-m", "bot", "identify", "漢字.png"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 1
    assert found.stdout.startswith(rb"\u6f22\u5b57.png")
    assert found.stderr == b""


def test_objects_are_read_the_same_everywhere() -> None:
    result = CliRunner(charset="cp1252").invoke(app, ["identify", "漢字.png", "--json"])
    assert json.loads(result.output)["file"] == "漢字.png"
