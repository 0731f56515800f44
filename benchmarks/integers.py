"""What naming loses by a network in integers: the figures of `benchmarks.accuracy`, computed so.

    python -m benchmarks.integers --run runs/evaluation --docs docs/accuracy.md

The shipped weights answer in integers where the processor has no bfloat16 (`models/lite.py`); here
the evaluation run's do, galleries and questions alike, beside the same in floating point.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy import part_figures, parts_table
from benchmarks.damage import greyed
from benchmarks.faces import changed, faces_of, in_integers
from benchmarks.statistics import machine, today, write_section
from models.embedding import EMBEDDING_FILE
from models.precision import has_fast_bfloat16
from models.training.blend import class_directions
from models.training.pipeline import PARTS, embed_all


def main(
    data: Annotated[Path, typer.Option(help="The folder of labelled pictures.")] = Path(
        "../shared/data"
    ),
    run: Annotated[Path, typer.Option(help="The folder of the evaluation run.")] = Path(
        "runs/evaluation"
    ),
    docs: Annotated[Path | None, typer.Option(help="Where the table goes.")] = None,
) -> None:
    """Measure, print, and write the table."""
    faces, directions = faces_of(data, run), class_directions(run)
    embedder = in_integers(run / EMBEDDING_FILE.name)
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    vectors = {
        "in bfloat16" if has_fast_bfloat16() else "in single precision": (
            faces.vectors,
            faces.greyed,
        ),
        "in integers": (embed_all(embedder, faces.samples), embed_all(embedder, grey)),
    }
    figures = {
        name: part_figures(faces, every, without_colour, directions, PARTS)
        for name, (every, without_colour) in vectors.items()
    }
    text = (
        f"`python -m benchmarks.integers --data {data} --run {run}`; {machine()}; {today()}; model "
        f"{embedder.version}.\n\n{parts_table(figures)}"
    )
    typer.echo(text)
    if docs is not None:
        write_section(docs, "integers", text)


if __name__ == "__main__":
    typer.run(main)
