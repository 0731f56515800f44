"""What naming in integers costs and saves: the figures of `benchmarks.accuracy`, and the time.

    python -m benchmarks.integers --run runs/evaluation --docs docs/accuracy.md

Faces are embedded in integers (`models/embedding/lite.py`), galleries and questions alike; here
beside the same in single precision, on a machine that is idle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from benchmarks.accuracy import part_figures, parts_table, timed
from benchmarks.damage import greyed
from benchmarks.faces import changed, faces_of
from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, today, write_section
from models.embedding.embedder import EMBEDDING_FILE, Embedder, version_of
from models.training.galleries import SCORING, embed_all
from models.training.trained import class_directions

if TYPE_CHECKING:
    from benchmarks.faces import Faces


def main(data: Data = DATA, run: Run = RUN, docs: Docs = None) -> None:
    """Measure, print, and write the table."""
    faces, weights = faces_of(data, run), run / EMBEDDING_FILE.name
    single = Embedder.load(weights, integers=False)
    figures = {
        "in single precision": figures_by(single, faces, run),
        "in integers": part_figures(
            faces, faces.vectors, faces.greyed, class_directions(run), SCORING
        ),
    }
    text = (
        f"`python -m benchmarks.integers --data {data} --run {run}`; {machine()}; {today()}; model "
        f"{version_of(weights)}.\n\n{parts_table(figures)}\n\n"
        f"In single precision: {timed(faces.samples[:8], single)}."
    )
    typer.echo(text)
    if docs is not None:
        write_section(docs, "integers", text)


def figures_by(embedder: Embedder, faces: Faces, run: Path) -> dict:
    """The `part_figures` of the faces as `embedder` sees them; class directions: those of `run`."""
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    vectors, without_colour = embed_all(embedder, faces.samples), embed_all(embedder, grey)
    return part_figures(faces, vectors, without_colour, class_directions(run), SCORING)


if __name__ == "__main__":
    typer.run(main)
