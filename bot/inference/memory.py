"""Keeps the bot's memory small: what was freed goes back to the system.

The C library keeps freed memory for what is asked for next, and a pool of it for each thread that
ever asked: after a large picture the bot would stay some 100 MB larger than it is. Both functions
speak to glibc; where the C library is another, they do nothing.
"""

from __future__ import annotations

import ctypes
import sys

_C = None if sys.platform == "win32" else ctypes.CDLL(None)

_ARENA_MAX = -8
"""`M_ARENA_MAX` in glibc's malloc.h."""


def share_one_pool() -> None:
    """Let all threads take memory from one pool; to be called before TensorFlow makes its own."""
    if hasattr(_C, "mallopt"):
        _C.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Give freed memory back to the system: some 30 ms, without holding Python's lock."""
    if hasattr(_C, "malloc_trim"):
        _C.malloc_trim(0)
