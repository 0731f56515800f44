"""Keras, imported without the packages that only its extras use.

Keras imports scikit-learn for its estimator wrappers, matplotlib for its plots and h5py for files
of a kind that is not used here, wherever they are installed: some 100 MB and seconds of start-up
that the running bot has no use for. They are hidden while Keras loads, which takes their absence
well; who imports them afterwards gets them. It works where this module is the first to import Keras
in a process, so what runs in the bot takes it from here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from models.quiet import no_chatter

__all__ = ["keras"]


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Let packages that aren't imported yet look as if they weren't installed."""
    modules = cast("dict[str, Any]", sys.modules)
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None there makes an import fail
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


with no_chatter(), _hidden("sklearn", "matplotlib", "h5py"):
    import keras

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.list_logical_devices()  # it says here, not at the first picture, what it lacks
