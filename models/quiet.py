"""Keeps the start-up chatter of TensorFlow and LiteRT off the terminal.

What they say of the machine while they load is written straight to the file descriptor, some of it
before `TF_CPP_MIN_LOG_LEVEL` (set in `models.training`) is read: those lines are dropped here, and
all others shown.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTER = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog|To enable the following instructions:"
    rb"|INFO: Created TensorFlow Lite XNNPACK delegate"
    rb"|[IWE]\d{4} [\d:. ]+(cudart_stub|cuda_[a-z]+|port|cpu_feature_guard|computation_placer)\.cc"
)


@contextmanager
def no_chatter() -> Iterator[None]:
    """Hold standard error back, and show it at the end without the lines known as chatter.

    It does so for the whole process, so it is for the time of loading them only.
    """
    sys.stderr.flush()
    try:
        shown = os.dup(2)
    except OSError:  # there is no standard error, and so nothing to hold back
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(shown, 2)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)
