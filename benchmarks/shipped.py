"""How the shipped model names what it learned from, by who knew the characters before.

    python -m benchmarks.shipped --run runs/held_out

No measure of accuracy, as every picture was trained on: it tells whether the production run was
long enough for the characters that the held-out model has not seen. A face is compared with a
centroid that is made without its own near-duplicate group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import typer

from benchmarks.options import DATA, RUN, Data, Docs, Run
from benchmarks.statistics import machine, table, today, write_section
from models.embedding.embedder import Embedder
from models.gallery.calibration import confidence_features, log_odds, logistic
from models.gallery.gallery import unit
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.policy import NAMED
from models.gallery.scoring import scores
from models.intervals import Share
from models.training.dataset import load_dataset
from models.training.galleries import embed_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Vectors


def main(data: Data = DATA, run: Run = RUN, docs: Docs = None) -> None:
    """Embed every face of a character that can be named; print and write the table."""
    embedder, namer = Embedder.load(), Namer.load()
    gallery = namer.gallery
    place = {character.id: index for index, character in enumerate(gallery.characters)}
    samples = [sample for sample in load_dataset(data).samples if sample.label in place]
    vectors = embed_all(embedder, samples)
    truth = np.array([place[sample.label] for sample in samples])
    groups = np.array([sample.group for sample in samples])
    before = {character.id for character in Namer.load(run / NAMING_FILE.name).gallery.characters}
    later = np.array([sample.label not in before for sample in samples])

    own = np.arange(len(truth)), truth
    fair = without_own_group(vectors, truth, groups)
    biased = np.einsum("nd,nd->n", vectors, gallery.centroids[truth])

    score = scores(vectors, gallery, namer.scoring)
    by_centroid = np.ones(len(gallery.characters), np.float32)
    by_centroid[gallery.classified] -= namer.scoring.classifier
    score[own] += by_centroid[truth] * (fair - biased)
    odds = log_odds(confidence_features(score, gallery.counts), namer.calibration)
    limit = namer.threshold_in(gallery)
    right, named = score.argmax(1) == truth, (odds >= limit) & (logistic(odds) >= NAMED)
    rows = [
        [
            who,
            len(set(truth[asked].tolist())),
            Share.of(right[asked]),
            Share.of((right & named)[asked]),
            Share.of((~right & named)[asked]),
        ]
        for who, asked in (
            ("the held-out model too", ~later),
            ("the production model alone", later),
        )
    ]
    head = ["learned by", "characters", "right", "right and above the threshold", "wrong, above"]
    source = (
        f"`python -m benchmarks.shipped --data {data} --run {run}`; {machine()}; {today()}; "
        f"model {embedder.version}-{namer.version}"
    )
    text = f"{source}.\n\n{table(head, rows)}"
    typer.echo(text)
    if docs is not None:
        write_section(docs, "shipped", text)


def without_own_group(
    vectors: Vectors, truth: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Cosines, (n,), of faces to their characters' centroids without the faces' own groups.

    A character of one group alone keeps its centroid.
    """
    cosines = np.empty(len(vectors), np.float32)
    for character in np.unique(truth):
        rows = np.flatnonzero(truth == character)
        whole = vectors[rows].sum(0)
        for group in np.unique(groups[rows]):
            own = rows[groups[rows] == group]
            rest = whole if len(own) == len(rows) else whole - vectors[own].sum(0)
            cosines[own] = vectors[own] @ unit(rest)
    return cosines


if __name__ == "__main__":
    typer.run(main)
