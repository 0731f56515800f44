"""How well faces are named, on pictures that the held-out model never saw.

    python -m benchmarks.accuracy --data ../shared/data --run runs/held_out

reads the embedding, the class weights and the split that `moedex train all` left in
`runs/held_out`, and writes `docs/accuracy.json` and the tables of `docs/accuracy_96.md`. With
`--timed` it takes the time a face by the shipped weights instead, on a machine that is idle.
Nothing is tuned on what is reported: calibration and threshold are fitted on one half of the
held-out groups, impostors and posts, and reported on the other, both ways round.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.accuracy_plots import plot_logs
from benchmarks.accuracy_tables import sections
from benchmarks.cross_fitting import cross_fitted
from benchmarks.damage import FACE_DAMAGES
from benchmarks.faces import Faces, changed, faces_of, gallery_of
from benchmarks.fusions import BACKBONES, fused_otherwise
from benchmarks.statistics import machine, today, write_section
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.fitted import Calibration
from models.gallery.gallery import Gallery
from models.gallery.open_set import is_non_face
from models.gallery.scoring import Scoring
from models.training.augmentation import framed
from models.training.dataset import load_dataset
from models.training.evaluation import (
    Share,
    calibration_error,
    few_shot,
    judge,
)
from models.training.galleries import SCORING, embed_all
from models.training.runs import read_log
from models.training.trained import class_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.training.dataset import Sample
    from models.types import Vectors

WRONG_LABELS: Final = Path(__file__).with_name("wrong_labels.csv")
"""Pictures that surely show somebody else; docs/accuracy_96.md says how they were found."""


def main() -> None:
    """Measure, print, and write JSON and tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--run", type=Path, default=Path("runs/held_out"))
    parser.add_argument("--json", type=Path, default=Path("docs/accuracy.json"))
    parser.add_argument("--docs", type=Path, default=Path("docs/accuracy_96.md"))
    parser.add_argument(
        "--timed", action="store_true", help="take the time a face, and nothing else"
    )
    arguments = parser.parse_args()

    if arguments.timed:
        text = (
            f"{timed(load_dataset(arguments.data).samples[:8], Embedder.load())} (`--timed`; "
            f"{machine()}; {today()})."
        )
        write_section(arguments.docs, "time", text)
        print(text)
        return
    embedder = Embedder.load(arguments.run / EMBEDDING_FILE.name)
    faces = faces_of(arguments.data, arguments.run)
    weights = class_weights(arguments.run)
    figures: dict = {
        "model": embedder.version,
        "command": f"python -m benchmarks.accuracy --data {arguments.data} --run {arguments.run}",
        "machine": machine(),
        "date": today(),
        "side": embedder.side,
    }
    gallery = gallery_of(faces, faces.vectors, weights)
    figures |= main_figures(faces, faces.vectors, gallery, SCORING)
    figures["rightly_labelled"] = rightly_labelled(faces, gallery)
    figures["damage"] = damaged(faces, embedder, weights)
    figures["parts"] = parts_off(faces, weights) | {
        name: part_figures(faces, other.vectors, other.greyed, other.class_weights, SCORING)
        for name, other in fused_otherwise(faces, arguments.run).items()
    }
    logs = [read_log(arguments.run / backbone) for backbone in BACKBONES]
    plot_logs(logs, arguments.docs.with_name("training.png"))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, text in sections(figures).items():
        write_section(arguments.docs, name, text)
        print(text, end="\n\n")


def main_figures(faces: Faces, vectors: Vectors, gallery: Gallery, scoring: Scoring) -> dict:
    """Known, impostors, calibration, crops without a face, few pictures, icons."""
    result = cross_fitted(faces, vectors, gallery, scoring)
    everyone = result.known
    unseen, icons = list(faces.split.unseen), list(faces.split.icons)
    figures: dict = {
        "known": {
            "characters": len(set(faces.labels(faces.split.known))),
            "gallery": len(gallery.characters),
            "top_1": everyone.top(1).as_dict(),
            "top_5": everyone.top(5).as_dict(),
        },
        "calibration_error": calibration_error(everyone),
        "tpir_at": {rate: share.as_dict() for rate, share in result.tpir_at.items()},
        "at_fitted_threshold": {
            "impostors_named": Share.of(result.impostors_named).as_dict(),
            "known_named_rightly": Share.of(result.known_named).as_dict(),
            "no_face_named": Share.of(result.no_face_named).as_dict(),
        },
        "left_out_as_no_face": {
            part: Share.of(is_non_face(vectors[list(indices)], gallery)).as_dict()
            for part, indices in (
                ("no_face", faces.split.no_face),
                ("known", faces.split.known),
                ("impostors", faces.split.impostors),
            )
        },
    }
    for shots in (5, 1):
        for name, beside in (("alone", None), ("beside_known", gallery)):
            share = few_shot(
                vectors[unseen],
                faces.labels(unseen),
                shots,
                scoring=scoring,
                groups=[faces.samples[i].group for i in unseen],
                beside=beside,
            )
            figures[f"unseen_{shots}_{name}"] = share.as_dict()
    figures["icons_1"] = few_shot(vectors[icons], faces.labels(icons), 1, scoring=scoring).as_dict()
    return figures


def rightly_labelled(faces: Faces, gallery: Gallery) -> dict:
    """The known and the impostors without the pictures of `WRONG_LABELS`."""
    with WRONG_LABELS.open(newline="", encoding="utf-8") as file:
        wrong = {row["file"] for row in csv.DictReader(file)}

    def right(indices: Sequence[int]) -> tuple[int, ...]:
        return tuple(index for index in indices if faces.samples[index].file not in wrong)

    split = faces.split
    kept = replace(
        split,
        known=right(split.known),
        impostors=right(split.impostors),
        unseen=right(split.unseen),
    )
    result = cross_fitted(replace(faces, split=kept), faces.vectors, gallery, SCORING)
    return {
        "top_1": result.known.top(1).as_dict(),
        "tpir_at_0.05": result.tpir_at["0.05"].as_dict(),
    }


def damaged(faces: Faces, embedder: Embedder, weights: dict) -> dict:
    """Top-1 of the known faces, each damaged in turn."""
    gallery = gallery_of(faces, faces.vectors, weights)
    known = list(faces.split.known)
    truth = faces.labels(known)
    result: dict = {}
    for name, damage in FACE_DAMAGES.items():
        vectors = embed_all(embedder, changed([faces.samples[i] for i in known], damage))
        judged = judge(vectors, truth, gallery, SCORING, Calibration())
        result[name] = judged.top(1).as_dict()
    return result


def parts_off(faces: Faces, weights: dict) -> dict:
    """The main figures with each part of naming switched off."""
    both, one = (faces.vectors, faces.greyed), (faces.plain, faces.plain_greyed)
    without = {
        "as shipped": (*both, SCORING),
        "without the closer copy": (*one, SCORING),
        "class centroids alone": (*both, replace(SCORING, classifier=0.0)),
        "classifier weights alone": (*both, replace(SCORING, classifier=1.0)),
        "without the hubness correction": (*both, replace(SCORING, hubness=0.0)),
    }
    return {
        name: part_figures(faces, vectors, greyed, weights, scoring)
        for name, (vectors, greyed, scoring) in without.items()
    }


def part_figures(
    faces: Faces, vectors: Vectors, greyed: Vectors, weights: dict, scoring: Scoring
) -> dict:
    """The main figures, and how many of the known are named without their colour."""
    gallery = gallery_of(faces, vectors, weights)
    truth = faces.labels(faces.split.known)
    grey = judge(greyed, truth, gallery, scoring, Calibration())
    return main_figures(faces, vectors, gallery, scoring) | {"grey": grey.top(1).as_dict()}


def timed(samples: Sequence[Sample], embedder: Embedder, rounds: int = 12) -> str:
    """Milliseconds a face in a batch of `samples`: wall clock, and CPU time over all cores."""
    crops = np.stack([framed(sample.pixels, embedder.side) for sample in samples])
    embedder.embed(crops)
    walls: list[float] = []
    begun = time.process_time()
    for _ in range(rounds):
        start = time.perf_counter()
        embedder.embed(crops)
        walls.append(time.perf_counter() - start)
    cpu = (time.process_time() - begun) / rounds
    best, median, busy = (
        1000 * seconds / len(crops) for seconds in (min(walls), float(np.median(walls)), cpu)
    )
    return (
        f"A face in a batch of {len(crops)}: {best:.1f} ms at best, {median:.1f} ms in the median, "
        f"{busy:.1f} ms of CPU time over both cores"
    )


if __name__ == "__main__":
    main()
