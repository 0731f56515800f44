"""Keeps the libraries' own threads from taking processors that other threads need.

Pictures are worked on in several threads, and LiteRT has its own beside them. A further pool for
each library is more than there are processors: its threads wait for one another, and those of
OpenBLAS turn in a loop for some 20 ms after each product of matrices, in case another one comes.
"""

from __future__ import annotations

import cv2
from threadpoolctl import threadpool_limits

from bot.inference.memory import share_one_pool


def share_processors() -> None:
    """Let NumPy, SciPy and OpenCV compute in the thread that calls them; they must be loaded."""
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)


def share_machine() -> None:
    """Compute in one thread, as other processes of the machine have the other processors.

    To be called before networks are loaded.
    """
    share_one_pool()
    from models.session import use_threads

    use_threads(1)
    share_processors()
