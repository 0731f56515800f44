"""What naming among all characters costs: milliseconds a face, memory at rest, size on disk.

    python -m benchmarks.naming_cost --docs docs/accuracy.md

Faces are vectors of the shipped impostors. Times are processor time of the thread that names, as
products of matrices have one thread here, so that other work on the machine counts little. Memory
is what the process holds more after loading than before, and what of it an index of all names is.
"""

from __future__ import annotations

import gc
import time
from pathlib import Path

import numpy as np
import typer
from threadpoolctl import threadpool_limits

from benchmarks.options import Docs
from benchmarks.roster import Times, listed
from benchmarks.statistics import machine, publish, table, today
from models.embedding.embedder import version_of
from models.gallery.impostors import IMPOSTORS_FILE, Impostors
from models.gallery.namer import NAMING_FILE, Namer
from models.roster.roster import ROSTER_FILE, load_roster
from models.weight_files import WEIGHTS

ROUNDS = 200
GROUP = 16


def held_mb() -> float:
    """Resident memory of this process, in MB (10^6 bytes)."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6


def main(docs: Docs = None) -> None:
    """Print and write the table."""
    impostors = Impostors.load(IMPOSTORS_FILE, version_of())
    if impostors is None:
        raise typer.BadParameter(f"{IMPOSTORS_FILE.name} belongs to another embedding")
    vectors = impostors.vectors
    before, begun = held_mb(), time.process_time()
    namer = Namer.load()
    loading = time.process_time() - begun
    namer.name(vectors[:1])
    names_mb = held_mb() - before
    index = listed(load_roster())
    index_mb = held_mb() - before - names_mb
    del index
    one, many = Times(), Times()
    with threadpool_limits(1):
        for number in range(ROUNDS):
            first = number % (len(vectors) - GROUP)
            one.of(lambda first=first: namer.name(vectors[first : first + 1]))
            many.of(lambda first=first: namer.name(vectors[first : first + GROUP]))
    files = {file.name: file.stat().st_size / 1e6 for file in WEIGHTS.glob("*.*") if file.is_file()}
    named = (NAMING_FILE, IMPOSTORS_FILE, ROSTER_FILE)
    rows = [
        ("a face, processor time, median (p99)", _spread(one)),
        (f"{GROUP} faces in one picture", _spread(many)),
        ("loading the names, processor time", f"{loading:.2f} s"),
        ("memory of the names", f"{names_mb:.0f} MB"),
        ("memory of the index of names", f"{index_mb:.0f} MB"),
        ("files that name", f"{sum(files[file.name] for file in named):.1f} MB"),
        ("all weights", f"{sum(files.values()):.1f} MB"),
    ]
    text = (
        f"`python -m benchmarks.naming_cost`; {machine()}; {today()}; "
        f"{len(namer.gallery.characters):,} characters.\n\n{table(('what', 'cost'), rows)}"
    )
    publish(text, docs, "cost")


def _spread(times: Times) -> str:
    return f"{np.median(times.cpu):.1f} ms ({np.percentile(times.cpu, 99):.1f})"


if __name__ == "__main__":
    typer.run(main)
