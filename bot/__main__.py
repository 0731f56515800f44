"""`moedex` and `python -m bot`: the command line's way in."""

from __future__ import annotations

import atexit
import gc
import sys


def main() -> None:
    """Run the command line."""
    # Before it ends, Python searches all objects for garbage: after training, with TensorFlow's,
    # that takes a second, on a busy machine several. The memory goes back to the system anyway.
    atexit.register(gc.freeze)
    from bot import logs
    from bot.cli import app

    try:
        app()
    except Exception as fault:  # whose text may hold a token
        logs.print_fault(fault)
        sys.exit(1)


if __name__ == "__main__":
    main()
