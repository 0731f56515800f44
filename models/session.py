"""Runs the networks: each is a file in LiteRT's format (.tflite), which `moedex train` exports.

A file's weights may be int8: LiteRT then quantises each layer's input too, picture by picture
("dynamic-range quantisation"; docs/accuracy_96.md, "Time").
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models.quiet import no_chatter
from models.weight_files import readable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_THREADS: Final = 4
"""One or two pictures do not keep more busy."""

_threads = min(os.cpu_count() or 1, MAX_THREADS)


def use_threads(count: int) -> None:
    """Let networks that are opened from now on compute in so many threads; their outputs stay."""
    global _threads
    _threads = count


class Session:
    """A network as a function: (n, height, width, 3) float32 -> (n, ...) float32.

    Threads may share it; they wait for each other. `input_shape` and `output_shape`: as the file
    gives them, with -1 for a length that is open.
    """

    def __init__(
        self, path: Path, whose: str, command: str, *, side: int = 1, shapes: int = 1
    ) -> None:
        """Open a file, and set aside the memory for one picture.

        `whose` weights they are, and which `moedex train` makes them, is for the text of errors.
        `side`: the first height and width, in pixels, where the file leaves them open.
        `shapes`: for so many shapes of a batch memory stays set aside; another one takes the place
        of that which was longest not used.

        Raises WeightsError: the file is missing, or is no network with one input and one output.
        """
        with readable(path, whose, command), no_chatter():
            self._runners = [_Runner(path) for _ in range(shapes)]
            first = self._runners[0]
            self.input_shape, self.output_shape = first.input_shape, first.output_shape
            lengths = self.input_shape[1:]
            first.resize((1, *(length if length > 0 else side for length in lengths)))
        self._lock = threading.Lock()

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network over a batch of any length."""
        with self._lock:
            # The most recently used comes first.
            fitting = (each for each in self._runners if each.shape == batch.shape)
            runner = next(fitting, self._runners[-1])
            self._runners.remove(runner)
            self._runners.insert(0, runner)
            return runner.run(batch)


class _Runner:
    """A network that is ready for batches of one shape, () for none."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=_threads)
        (first,) = self._interpreter.get_input_details()
        (last,) = self._interpreter.get_output_details()
        self._input, self._output = first["index"], last["index"]
        self.input_shape = tuple(map(int, first["shape_signature"]))
        self.output_shape = tuple(map(int, last["shape_signature"]))
        self.shape: tuple[int, ...] = ()

    def resize(self, shape: tuple[int, ...]) -> None:
        self.shape = ()  # should this fail, the next call begins anew
        self._interpreter.resize_tensor_input(self._input, shape)
        self._interpreter.allocate_tensors()
        self.shape = shape

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        if batch.shape != self.shape:
            self.resize(batch.shape)
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)


def normalised(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale uint8 pixels to float32, -1 to 1: the input of every network here."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)
