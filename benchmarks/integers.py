"""What naming loses by a network in integers: the figures of `benchmarks.accuracy`, computed so.

    python -m benchmarks.integers --run runs/evaluation --docs docs/accuracy.md

The shipped weights answer in integers where the processor has no bfloat16 (`models/lite.py`); here
the evaluation run's do, galleries and questions alike, beside the same in floating point.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.accuracy import part_figures, parts_table
from benchmarks.damage import greyed
from benchmarks.faces import changed, faces_of
from benchmarks.statistics import machine, today, write_section
from models.embedding import EMBEDDING_FILE, Embedder, read_settings, version_of
from models.lite import load_lite
from models.precision import has_fast_bfloat16
from models.training.blend import class_directions
from models.training.pipeline import PARTS, embed_all

if TYPE_CHECKING:
    from benchmarks.faces import Faces


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
    faces = faces_of(data, run)
    figures = {
        "in bfloat16" if has_fast_bfloat16() else "in single precision": part_figures(
            faces, faces.vectors, faces.greyed, class_directions(run), PARTS
        ),
        "in integers": figures_in_integers(faces, run),
    }
    text = (
        f"`python -m benchmarks.integers --data {data} --run {run}`; {machine()}; {today()}; model "
        f"{version_of(run / EMBEDDING_FILE.name)}.\n\n{parts_table(figures)}"
    )
    typer.echo(text)
    if docs is not None:
        write_section(docs, "integers", text)


def figures_in_integers(faces: Faces, run: Path) -> dict:
    """The `part_figures` of the faces as the weights in `run` embed them in integers."""
    weights = run / EMBEDDING_FILE.name
    settings = read_settings(weights)
    embedder = Embedder(
        load_lite(weights), settings, mirrored=settings.mirrored, version=version_of(weights)
    )
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    vectors, without_colour = embed_all(embedder, faces.samples), embed_all(embedder, grey)
    return part_figures(faces, vectors, without_colour, class_directions(run), PARTS)


if __name__ == "__main__":
    typer.run(main)
