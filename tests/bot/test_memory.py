"""What large pictures took goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

GIVEN_BACK = """
from pathlib import Path
from bot.inference.memory import give_back, share_one_pool

def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

share_one_pool()
before = pages()
held = [bytearray(50_000) for _ in range(2000)]
pin = bytearray(50_000)
del held
kept = pages()
give_back()
print(kept - before, pages() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's own")
def test_freed_memory_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
    kept, left = map(int, done.stdout.split())
    assert kept > 20_000
    assert left < 2_000
