"""Keeps the bot's memory small, and its garbage collector from stopping the event loop.

The C library keeps freed memory for what is asked for next, and a pool of it for each thread that
ever asked: after a large picture the bot would stay some 100 MB larger than it is. The functions
for it speak to glibc; where the C library is another, they do nothing.
"""

from __future__ import annotations

import ctypes
import gc
import sys

_C = None if sys.platform == "win32" else ctypes.CDLL(None)

_ARENA_MAX = -8
"""`M_ARENA_MAX` in glibc's malloc.h."""


def share_one_pool() -> None:
    """Let all threads take memory from one pool; to be called before the models are loaded."""
    if hasattr(_C, "mallopt"):
        _C.mallopt(_ARENA_MAX, 1)


def spare_what_is_loaded() -> None:
    """Leave all objects there are out of garbage collections to come.

    There are some hundred thousand that live as long as the bot. Looking through them takes longer
    than the loop may stand still, with Python's lock held, in whatever thread it falls on.
    """
    gc.collect()
    spare_what_is_there()


def spare_what_is_there() -> None:
    """Do the same at once, without looking for garbage first: what there is of it stays."""
    gc.freeze()


def give_back() -> None:
    """Give freed memory back to the system: some 30 ms, without holding Python's lock."""
    if hasattr(_C, "malloc_trim"):
        _C.malloc_trim(0)
