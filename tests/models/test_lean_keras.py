"""The models load without chatter, and without the packages that only Keras's extras use."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
import models.identify
print(*(name for name in ("sklearn", "matplotlib", "h5py") if name in sys.modules), sep=",")
from sklearn.linear_model import LogisticRegression
import h5py, matplotlib.pyplot
print(LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict([[2.0]])[0])
"""


def test_what_only_extras_use_is_not_loaded_and_can_be_later() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["", "1"]


def test_tensorflow_loads_without_a_word() -> None:
    code = "from models.lean_keras import keras; keras.ops.convert_to_numpy(keras.ops.ones(2))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
