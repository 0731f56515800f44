"""Sessions: networks in files, shared by threads, of open sizes; broken files are named."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.detection.learned import DETECTOR_FILE
from models.embedding.embedder import EMBEDDING_FILE
from models.session import Session, normalised
from models.weight_files import WeightsError, install

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _pictures(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-1, 1, (*shape, 3)).astype(np.float32)


def test_a_session_knows_its_shapes() -> None:
    session = Session(EMBEDDING_FILE, "the embedding's", "all")
    assert session.input_shape == (-1, 144, 144, 3)
    assert session.output_shape == (-1, 384)


def test_threads_share_it() -> None:
    session = Session(DETECTOR_FILE, "the detector's", "detector", side=64)
    assert session.input_shape == (-1, -1, -1, 3)
    batches = [_pictures(1, 64, 64), _pictures(2, 32, 96), _pictures(1, 96, 32)] * 4
    expected = [session(batch) for batch in batches]
    with ThreadPoolExecutor(3) as pool:
        for output, wanted in zip(pool.map(session, batches), expected, strict=True):
            np.testing.assert_array_equal(output, wanted)


@pytest.mark.parametrize("shapes", [1, 2, 3])
def test_it_is_ready_for_the_shapes_used_last(shapes: int) -> None:
    kept = Session(DETECTOR_FILE, "the detector's", "detector", side=64, shapes=shapes)
    batches = [_pictures(1, 64, 64), _pictures(2, 32, 96), _pictures(1, 96, 32)]
    resized: list[tuple[int, ...]] = []
    for runner in kept._runners:
        resize = runner.resize
        runner.resize = lambda shape, to=resize: (resized.append(shape), to(shape))[1]
    for batch in batches * 2:
        expected = Session(DETECTOR_FILE, "the detector's", "detector", side=64)(batch)
        np.testing.assert_array_equal(kept(batch), expected)
    assert len(resized) == {1: 5, 2: 5, 3: 2}[shapes]
    resized.clear()
    for _ in range(4):
        kept(batches[1])
        kept(batches[2])
    assert len(resized) == (8 if shapes == 1 else 0)


def test_a_batch_that_does_not_fit_leaves_the_session_usable() -> None:
    session = Session(DETECTOR_FILE, "the detector's", "detector", side=64)
    expected = session(_pictures(1, 64, 64))
    with pytest.raises((RuntimeError, ValueError)):
        session(np.zeros((1, 64, 64, 4), np.float32))
    np.testing.assert_array_equal(session(_pictures(1, 64, 64)), expected)


@pytest.mark.parametrize("text", [None, b"", b"nothing of the sort"])
def test_a_file_that_is_no_network_is_named(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "broken.tflite"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(WeightsError, match=r"Its weights .*broken\.tflite can't be read"):
        Session(path, "Its", "all")


def test_installed_weights_are_replaced_while_a_session_reads_the_former(tmp_path: Path) -> None:
    install({"detector.tflite": DETECTOR_FILE}, tmp_path)
    session = Session(tmp_path / "detector.tflite", "the detector's", "detector", side=64)
    expected = session(_pictures(1, 64, 64))
    other = tmp_path / "other"
    other.write_bytes(b"shorter")
    install({"detector.tflite": other}, tmp_path)
    np.testing.assert_array_equal(session(_pictures(1, 64, 64)), expected)
    assert (tmp_path / "detector.tflite").read_bytes() == b"shorter"


def test_pixels_go_from_minus_one_to_one() -> None:
    assert normalised(np.array([0, 255], np.uint8)).tolist() == [-1, 1]


WITHOUT_TENSORFLOW = """
import sys
import numpy as np
from models.identify import Identifier
Identifier.load().warm_up()
print(*(name for name in ("tensorflow", "keras", "matplotlib", "h5py") if name in sys.modules))
"""


def test_answering_loads_no_tensorflow_and_says_nothing() -> None:
    code = [sys.executable, "-c", WITHOUT_TENSORFLOW]
    done = subprocess.run(code, capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
