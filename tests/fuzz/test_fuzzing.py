"""Ten minutes of whatever a fuzzer thinks of: readers of pictures and packs are ready for it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 300


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris isn't installed")
@pytest.mark.parametrize("reader", ["decoder", "pack"])
def test_no_file_is_a_surprise(reader: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    limits = [f"-max_total_time={SECONDS}", "-timeout=30", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, "-m", "tests.fuzz.reader", reader, str(corpus), *limits]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-4000:]
