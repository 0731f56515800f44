"""What int8 costs and saves: the figures of `benchmarks.accuracy`, and the time.

    python -m benchmarks.int8 --run runs/held_out --docs docs/accuracy_96.md

Faces are embedded in int8 (dynamic-range quantisation, `models/training/export.py`), galleries and
queries alike; here beside the same weights in single precision, which are exported for it. The
machine must be idle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from benchmarks.accuracy import part_figures, timed
from benchmarks.accuracy_tables import parts_table
from benchmarks.damage import greyed
from benchmarks.faces import changed, faces_of
from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, publish, today
from models.embedding.embedder import EMBEDDING_FILE, Embedder, version_of
from models.training.embedding_network import build_embedding_network
from models.training.export import export_embedding, load_embedding
from models.training.galleries import SCORING, embed_all
from models.training.trained import USED_SIDE, class_weights

if TYPE_CHECKING:
    from benchmarks.faces import Faces


def main(data: Data = DATA, run: Run = RUN, docs: Docs = None) -> None:
    """Measure, print, and write the table."""
    faces, weights = faces_of(data, run), run / EMBEDDING_FILE.name
    single = in_single_precision(weights, run)
    figures = {
        "in single precision": figures_by(single, faces, run),
        "in int8": part_figures(faces, faces.vectors, faces.greyed, class_weights(run), SCORING),
    }
    text = (
        f"`python -m benchmarks.int8 --data {data} --run {run}`; {machine()}; {today()}; model "
        f"{version_of(weights)}.\n\n{parts_table(figures)}\n\n"
        f"In single precision: {timed(faces.samples[:8], single)}."
    )
    publish(text, docs, "int8")


def in_single_precision(weights: Path, run: Path) -> Embedder:
    """The same embedding, exported to `run` with float32 weights."""
    network, structure = load_embedding(weights)
    fixed = build_embedding_network(USED_SIDE, structure)
    fixed.set_weights(network.get_weights())
    path = run / "single_precision.tflite"
    export_embedding(fixed, path, structure, int8=False)
    return Embedder.load(path)


def figures_by(embedder: Embedder, faces: Faces, run: Path) -> dict:
    """The `part_figures` of the faces as `embedder` embeds them; class weights: those of `run`."""
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    vectors, without_colour = embed_all(embedder, faces.samples), embed_all(embedder, grey)
    return part_figures(faces, vectors, without_colour, class_weights(run), SCORING)


if __name__ == "__main__":
    typer.run(main)
