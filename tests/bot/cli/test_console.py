"""A console that can't print Japanese gets escapes from every command, not a traceback."""

from __future__ import annotations

import csv
import io
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


HOSTILE = "a\x1b[2J\u202e\nb.png"
SHOWN = r"a\x1b[2J\u202e\nb.png"


@pytest.mark.parametrize(
    "command",
    [
        ("identify", HOSTILE),
        ("identify", "there", "--annotate", HOSTILE),
        ("identify", "there", "--into", HOSTILE),
        ("sort", HOSTILE, "--into", "x"),
        ("sort", "there", "--into", HOSTILE, "--dry-run"),
        ("sort", "--undo", HOSTILE),
        ("embed", HOSTILE, "--out", "x.csv"),
        ("roster", "add", HOSTILE),
        ("train", "head", HOSTILE),
    ],
)
def test_what_a_terminal_would_obey_in_a_name_is_escaped(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    if command[0] in {"roster", "train"} or "--annotate" in command:
        Path(HOSTILE).write_bytes(b"no picture")
    told = CliRunner().invoke(app, command).output
    assert SHOWN in told
    assert not {"\x1b", "\u202e"} & set(told)


@pytest.mark.parametrize("name", [HOSTILE, '=HYPERLINK("x").png'])
def test_tables_and_objects_keep_a_name_as_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    as_json = CliRunner().invoke(app, ["identify", name, "--json"]).output
    assert json.loads(as_json)["file"] == name
    as_csv = CliRunner().invoke(app, ["identify", name, "--csv"]).output
    assert [row["file"] for row in csv.DictReader(io.StringIO(as_csv, newline=""))] == [name]
