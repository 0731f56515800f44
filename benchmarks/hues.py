"""What turned hues pay: the evaluation run's first trunk beside one trained without them.

    python -m benchmarks.hues --data ../shared/data --start nsfwjs-4.3.0.tgz --docs docs/experiments.md

trains that trunk (half an hour to two hours; it goes on where it stopped), embeds by either trunk
alone, and writes the figures of `benchmarks.accuracy` for both.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy import parts_table
from benchmarks.evaluation_run import KEPT
from benchmarks.faces import faces_of
from benchmarks.integers import figures_by
from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, today, write_section
from models.embedding.embedder import Embedder
from models.training.backbone import train_backbone
from models.training.blend import blend_runs
from models.training.pipeline import default_plan, trunk_folder


def main(
    data: Data = DATA,
    start: Annotated[Path, typer.Option(help="The starting weights' package.")] = Path(
        "nsfwjs-4.3.0.tgz"
    ),
    evaluation: Run = RUN,
    out: Annotated[Path, typer.Option(help="Where both runs are kept.")] = Path("runs/hues"),
    docs: Docs = None,
) -> None:
    """Train what is missing, measure both, print and write the table."""
    faces = faces_of(data, evaluation)
    samples, split, recipes = faces.samples, faces.split, default_plan()
    learned = [samples[index] for index in split.train]
    turned, plain = out / "turned", out / "plain"
    first = trunk_folder(1)
    shutil.copytree(KEPT / first, turned / first, dirs_exist_ok=True)
    train_backbone(
        learned,
        plain / first,
        replace(recipes.trunks[0].evaluation, turned=0.0),
        start=start,
        probe=[samples[index] for index in split.known][::3],
    )
    figures: dict[str, dict] = {}
    for name, run in (("the first trunk alone", turned), ("the same without turned hues", plain)):
        embedder = Embedder.load(blend_runs(learned, [run / first], run))
        figures[name] = figures_by(embedder, faces, run)
    text = (
        f"`python -m benchmarks.hues --data {data}`; {machine()}; {today()}.\n\n"
        f"{parts_table(figures)}"
    )
    typer.echo(text)
    if docs is not None:
        write_section(docs, "hues", text)


if __name__ == "__main__":
    typer.run(main)
