"""The time a face and a picture take where the processor has AVX2 and nothing newer.

    python -m benchmarks.avx2 --data ../shared/data --docs docs/accuracy_96.md

On a machine that has more, `avx2.c` hides what is newer from a process, and the libraries take the
ways that they have for AVX2; the clock stays the machine's own. Needs Linux, an Intel processor
that lets CPUID fault, a C compiler, and a machine that is idle.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import typer

from benchmarks.accuracy import timed
from benchmarks.boxes.tool import BOXES, read_boxes
from benchmarks.detection import milliseconds
from benchmarks.found_heads import read
from benchmarks.options import DATA, Data, Docs
from benchmarks.statistics import machine, publish, today
from models.detection.learned import LearnedDetector
from models.embedding.embedder import Embedder
from models.training.dataset import load_dataset

SOURCE: Final = Path(__file__).with_suffix(".c")
MEASURE: Final = (
    "import sys, pathlib, benchmarks.avx2 as m; print(m.figures(pathlib.Path(sys.argv[1])))"
)
"""What the process does that the instructions are hidden from."""


def main(data: Data = DATA, docs: Docs = None) -> None:
    """Measure with AVX2 alone, print, and write."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "avx2.so")
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)  # noqa: S603
        told = subprocess.run(  # noqa: S603
            [sys.executable, "-c", MEASURE, str(data)],
            env={**os.environ, "LD_PRELOAD": str(library)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    text = (
        f"{told.stdout.strip()} (`python -m benchmarks.avx2`; {machine()}, of which AVX2 alone was "
        f"used; {today()})."
    )
    publish(text, docs, "avx2")


def figures(data: Path) -> str:
    """The time a face by the shipped weights, and the time a picture by the shipped detector."""
    posts = [read(data / "posts" / name) for name in read_boxes(BOXES)]
    heads = milliseconds(LearnedDetector.load(), posts)
    return (
        f"{timed(load_dataset(data).samples[:8], Embedder.load())}. The heads of a picture of "
        f"1,000 pixels: {heads:.0f} ms in the median"
    )


if __name__ == "__main__":
    typer.run(main)
