"""What hue-shifted synthetic identities pay: the held-out model's first backbone without them.

    python -m benchmarks.hues --data ../shared/data --docs docs/experiments.md

trains that backbone anew (half an hour to two hours; it goes on where it stopped), embeds by either
alone, and writes the figures of `benchmarks.accuracy` for both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy_tables import parts_table
from benchmarks.faces import faces_of
from benchmarks.held_out_model import restore_backbone
from benchmarks.int8 import figures_by
from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, publish, today
from models.embedding.embedder import Embedder
from models.training.backbone import train_backbone
from models.training.fusion import fuse_runs
from models.training.pipeline import backbone_folder, default_plan


def main(
    data: Data = DATA,
    start: Annotated[Path, typer.Option(help="The starting weights' package.")] = Path(
        "nsfwjs-4.3.0.tgz"
    ),
    held_out: Run = RUN,
    out: Annotated[Path, typer.Option(help="Where both runs are kept.")] = Path("runs/hues"),
    docs: Docs = None,
) -> None:
    """Train what is missing, measure both, print and write the table."""
    faces = faces_of(data, held_out)
    samples, split, recipes = faces.samples, faces.split, default_plan()
    learned = [samples[index] for index in split.train]
    shifted, plain = out / "shifted", out / "plain"
    first = backbone_folder(1)
    restore_backbone(0, shifted)
    train_backbone(
        learned,
        plain / first,
        replace(recipes.backbones[0].held_out, hue_shifted=0.0),
        start=start,
        probe=[samples[index] for index in split.known][::3],
    )
    figures: dict[str, dict] = {}
    for name, run in (
        ("the first backbone alone", shifted),
        ("the same without hue-shifted identities", plain),
    ):
        embedder = Embedder.load(fuse_runs(learned, [run / first], run))
        figures[name] = figures_by(embedder, faces, run)
    text = (
        f"`python -m benchmarks.hues --data {data}`; {machine()}; {today()}.\n\n"
        f"{parts_table(figures)}"
    )
    publish(text, docs, "hues")


if __name__ == "__main__":
    typer.run(main)
