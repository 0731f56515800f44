"""No library has threads of its own beside those that work on pictures, but LiteRT."""

from __future__ import annotations

import subprocess
import sys

SHARED = """
import cv2
import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_info
from bot.inference.threads import share_processors

share_processors()
print(cv2.getNumThreads(), *(pool["num_threads"] for pool in threadpool_info()
                             if pool["user_api"] == "blas"))
"""


def test_products_and_resizing_take_one_thread() -> None:
    done = subprocess.run([sys.executable, "-c", SHARED], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"1"}
    assert len(done.stdout.split()) > 1
