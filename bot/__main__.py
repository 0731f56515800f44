"""`moedex` and `python -m bot`: the command line's way in."""

from __future__ import annotations

import atexit
import gc
import os


def main() -> None:
    """Run the command line."""
    # TensorFlow reads this when it is first imported, wherever that is: errors only.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Before it ends, Python searches all objects for garbage: with TensorFlow's that takes a
    # second, on a busy machine several. The memory goes back to the system anyway.
    atexit.register(gc.freeze)
    from bot.cli import app

    app()


if __name__ == "__main__":
    main()
