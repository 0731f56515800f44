"""TensorFlow loads without a word."""

from __future__ import annotations

import subprocess
import sys


def test_tensorflow_loads_without_a_word() -> None:
    code = "from models.training.quiet_keras import ops; ops.convert_to_numpy(ops.ones(2))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
