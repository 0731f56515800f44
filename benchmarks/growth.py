"""Whether the FPIR stays when a gallery grows: by its threshold, and by one that stays.

    python -m benchmarks.growth --data ../shared/data --run runs/held_out --docs docs/accuracy.md

First half of the known characters, then all of them; then all of them with the unseen ones as a
server's own. Each half of what is held out is judged by calibration and threshold of the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import typer

from benchmarks.cross_fitting import fitted, halves
from benchmarks.faces import Faces, faces_of, gallery_of
from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, table, today, write_section
from models.embedding.embedder import EMBEDDING_FILE, version_of
from models.intervals import Share
from models.training.evaluation import judge, taught_in_turn
from models.training.galleries import SCORING
from models.training.trained import class_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.cross_fitting import Half
    from models.gallery.fitted import Calibration, Threshold
    from models.gallery.gallery import Gallery

DRAWS: Final = 20
SHOTS: Final = (1, 2, 5, 10)

Fold = tuple["Calibration", "Threshold", "Half"]


def main(data: Data = DATA, run: Run = RUN, docs: Docs = None) -> None:
    """Measure, print, and write the tables."""
    faces = faces_of(data, run)
    gallery = gallery_of(faces, faces.vectors, class_weights(run))
    source = (
        f"`python -m benchmarks.growth --data {data} --run {run}`; {machine()}; {today()}; model "
        f"{version_of(run / EMBEDDING_FILE.name)}; {DRAWS} draws."
    )
    text = f"{source}\n\n{grown(faces, gallery)}\n\n{with_own(faces, gallery)}"
    typer.echo(text)
    if docs is not None:
        write_section(docs, "growth", text)


def grown(faces: Faces, gallery: Gallery) -> str:
    """The table of half the known characters, then all, by the threshold of the half."""
    count = len(gallery.characters)
    rng = np.random.default_rng(0)
    sums: dict[str, Share] = {}
    for _ in range(DRAWS):
        half = gallery.subset(sorted(rng.choice(count, count // 2, replace=False).tolist()))
        for fold in folds(faces, half):
            for title, among, rises in (
                (f"{count // 2}, the threshold fitted there", half, True),
                (f"{count}, the same threshold", gallery, False),
                (f"{count}, risen", gallery, True),
            ):
                share = named(faces, among, fold, fold[2].impostors, rises=rises)
                sums[title] = sums.get(title, Share(0, 0)) + share
    return table(["characters", "FPIR"], sums.items())


def with_own(faces: Faces, gallery: Gallery) -> str:
    """The table of a server's own characters beside the known, by pictures each."""
    split = faces.split
    unseen = list(split.unseen)
    groups = [faces.samples[index].group for index in unseen]
    rows: list[list[object]] = []
    known = folds(faces, gallery)
    for shots in (0, *SHOTS):
        draws: Sequence[tuple[Gallery, list[int]]] = [(gallery, [])]
        if shots:
            taught = taught_in_turn(
                faces.vectors[unseen],
                faces.labels(unseen),
                shots,
                groups=groups,
                draws=DRAWS,
            )
            draws = [(gallery.extended(own), others) for own, others in taught]
        for rises in (False, True) if shots else (True,):
            impostors = right = own_right = Share(0, 0)
            for among, others in draws:
                for fold in known:
                    # Those of the same half, so that no threshold was fitted on who is asked.
                    asked = set(fold[2].impostors)
                    own = [unseen[i] for i in others if unseen[i] in asked]
                    left = [index for index in split.impostors if index in asked]
                    impostors += named(faces, among, fold, left, rises=rises)
                    right += named(faces, among, fold, fold[2].known, rises=rises, rightly=True)
                    own_right += named(faces, among, fold, own, rises=rises, rightly=True)
            how = "risen" if rises else "the same threshold"
            title = f"{shots} each, {how}" if shots else "none"
            rows.append([title, impostors, right, own_right if shots else ""])
    count = len(set(faces.labels(unseen)))
    return table([f"pictures of {count} own", "FPIR", "TPIR, known", "TPIR, own"], rows)


def folds(faces: Faces, gallery: Gallery) -> list[Fold]:
    """Calibration and threshold of each half of what is held out, with the other half."""
    ids = {character.id for character in gallery.characters}
    first, second = (
        replace(half, known=[i for i in half.known if faces.samples[i].label in ids])
        for half in halves(faces)
    )
    return [
        (*fitted(faces, faces.vectors, gallery, SCORING, fitted_on), asked)
        for fitted_on, asked in ((first, second), (second, first))
    ]


def named(
    faces: Faces,
    gallery: Gallery,
    fold: Fold,
    asked: Sequence[int],
    *,
    rises: bool,
    rightly: bool = False,
) -> Share:
    """How many of the faces `asked` are named, by a threshold that rises or stays."""
    if not asked:
        return Share(0, 0)
    calibration, threshold, _ = fold
    limit = threshold.among(len(gallery.characters)) if rises else threshold.least
    judged = judge(faces.vectors[asked], faces.labels(asked), gallery, SCORING, calibration)
    accepted = judged.confidence >= limit
    return Share.of(accepted & (judged.rank == 0) if rightly else accepted)


if __name__ == "__main__":
    typer.run(main)
