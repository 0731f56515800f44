"""What large pictures took goes back to the system; what stays is not looked through again."""

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


SPARED = """
import gc
from bot.inference import memory

long_lived = [[n] for n in range(50_000)]
memory.{spare}()
looked_at = len(gc.get_objects())
print(gc.get_freeze_count(), looked_at)
"""


def printed(script: str) -> list[int]:
    """Run a script in a process of its own; return the numbers that it printed."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]


@pytest.mark.parametrize("spare", ["spare_what_is_loaded", "spare_what_is_there"])
def test_what_is_loaded_is_not_looked_through_again(spare: str) -> None:
    spared, looked_at = printed(SPARED.format(spare=spare))
    assert spared > 50_000
    assert looked_at < 1_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's own")
def test_freed_memory_is_given_back() -> None:
    kept, left = printed(GIVEN_BACK)
    assert kept > 20_000
    assert left < 2_000
