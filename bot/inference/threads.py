"""Keeps the libraries' own threads from taking processors that other threads need.

Pictures are worked on in several threads, and LiteRT has its own beside them. A further pool for
each library is more than there are processors: its threads wait for one another, and those of
OpenBLAS turn in a loop for some 20 ms after each product of matrices, in case another one comes.
"""

from __future__ import annotations

import cv2
from threadpoolctl import threadpool_limits


def share_processors() -> None:
    """Let NumPy, SciPy and OpenCV compute in the thread that calls them; they must be loaded."""
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)
