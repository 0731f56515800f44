"""An embedding's network in 8-bit integers, run by LiteRT.

On a processor without bfloat16 it is far quicker than single precision, and names as well
(docs/accuracy.md, "Time"). TensorFlow converts the weights file once, in a process of its own, as
that takes 1.6 GB and a quarter of a minute; the result is kept in the user's cache.

    python -m models.lite WEIGHTS TARGET

is that process.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import logging
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import platformdirs

from models.quiet import no_chatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Pictures a call: a face and its mirror image. More at once are hardly quicker a picture."""

KEPT: Final = 4
"""Converted files that the cache keeps: those of other weights and versions, the newest first."""

MOST_THREADS: Final = 4
"""Two pictures can't keep more busy."""


class LiteError(Exception):
    """The network can't be converted here; the message says why."""


class LiteNetwork:
    """A converted network as a function: (n, side, side, 3) float32 -> (n, dimensions) float32.

    Threads may share it; they wait for each other.
    """

    def __init__(self, model: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        threads = min(os.cpu_count() or 1, MOST_THREADS)
        with no_chatter():
            self._interpreter = Interpreter(model_path=str(model), num_threads=threads)
            given = self._interpreter.get_input_details()[0]
            self._given = given["index"]
            self._shape = (AT_ONCE, *given["shape"][1:].tolist())
            self._interpreter.resize_tensor_input(self._given, self._shape)
            self._interpreter.allocate_tensors()
        self._told = self._interpreter.get_output_details()[0]["index"]
        self._lock = threading.Lock()

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network over a batch of any length."""
        parts: list[NDArray[np.float32]] = []
        with self._lock:
            for first in range(0, len(batch), AT_ONCE):
                some = batch[first : first + AT_ONCE]
                if len(some) < AT_ONCE:
                    some = np.concatenate([some, np.zeros((1, *self._shape[1:]), np.float32)])
                self._interpreter.set_tensor(self._given, some)
                self._interpreter.invoke()
                parts.append(self._interpreter.get_tensor(self._told))
        return np.concatenate(parts)[: len(batch)]


def load_lite(weights: Path) -> LiteNetwork:
    """The network of a weights file, from the cache, or converted now. Raises LiteError."""
    try:
        model = _cached_as(weights)
        if not model.is_file():
            log.info("Converting %s for this processor, once", weights.name)
            model.parent.mkdir(parents=True, exist_ok=True)
            _convert_apart(weights, model)
            _forget_oldest(model.parent)
        return LiteNetwork(model)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise LiteError(f"{type(error).__name__}: {error}") from error


def convert(weights: Path, target: Path) -> None:
    """Write the network of a weights file, its weights a byte each, as a LiteRT file."""
    import tensorflow as tf

    from models.embedding import load_network

    network, _ = load_network(weights)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converted = converter.convert()
    # In the same folder, so that it takes its name in one step: others may load it meanwhile.
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as unfinished:
        unfinished.write(converted)
    Path(unfinished.name).replace(target)


def _cached_as(weights: Path) -> Path:
    """Where the cache keeps it: by the weights, what builds the network, and what converts it."""
    digest = hashlib.sha256(weights.read_bytes())
    for name in ("embedding.py", "trunk.py", "lite.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    digest.update(importlib.metadata.version("tensorflow").encode())
    folder = platformdirs.user_cache_path("moedex", appauthor=False)
    return folder / f"embedding-{digest.hexdigest()[:16]}.tflite"


def _convert_apart(weights: Path, target: Path) -> None:
    command = [sys.executable, "-m", __name__, str(weights), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode or not target.is_file():
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise LiteError(f"conversion failed: {lines[-1]}")


def _forget_oldest(folder: Path) -> None:
    """Delete what is over `KEPT`; another process may do so at the same time."""
    files = sorted(folder.glob("embedding-*.tflite"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT]:
        with contextlib.suppress(OSError):
            file.unlink()


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
