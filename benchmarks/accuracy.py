"""How well faces are named, on pictures that the held-out model never saw.

    python -m benchmarks.accuracy --data ../shared/data --run runs/held_out

reads the embedding, the class weights and the split that `moedex train all` left in
`runs/held_out`, and writes `docs/accuracy.json` and the tables of `docs/accuracy.md`. With
`--timed` it takes the time a face by the shipped weights instead, on a machine that is idle.
Nothing is tuned on what is reported: calibration and threshold are fitted on one half of the
held-out groups, impostors and posts, and reported on the other, both ways round.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.accuracy_plots import plot_calibration, plot_logs
from benchmarks.damage import FACE_DAMAGES
from benchmarks.faces import Faces, changed, faces_of, gallery_of
from benchmarks.fusions import BACKBONES, fused_otherwise
from benchmarks.statistics import machine, table, today, write_section
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.calibration import Calibration, Trial, fit_calibration
from models.gallery.gallery import Gallery
from models.gallery.open_set import Threshold, fit_threshold, is_non_face
from models.gallery.scoring import Scoring
from models.training.augmentation import framed
from models.training.dataset import load_dataset
from models.training.evaluation import (
    FPIRS,
    Judged,
    Share,
    calibration_error,
    few_shot,
    judge,
    tpir_at_fpir,
)
from models.training.galleries import SCORING, embed_all
from models.training.runs import read_log
from models.training.trained import class_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.training.dataset import Sample
    from models.types import Vectors

WRONG_LABELS: Final = Path(__file__).with_name("wrong_labels.csv")
"""Pictures that surely show somebody else; docs/accuracy.md says how they were found."""


def main() -> None:
    """Measure, print, and write JSON and tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--run", type=Path, default=Path("runs/held_out"))
    parser.add_argument("--json", type=Path, default=Path("docs/accuracy.json"))
    parser.add_argument("--docs", type=Path, default=Path("docs/accuracy.md"))
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
    plot_calibration(
        cross_fitted(faces, faces.vectors, gallery, SCORING).known,
        arguments.docs.with_name("calibration.png"),
    )
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


@dataclass(frozen=True)
class Half:
    """Held-out faces: known ones, impostors (whole characters), crops without a face."""

    known: list[int]
    impostors: list[int]
    no_face: list[int]


def halves(faces: Faces) -> tuple[Half, Half]:
    """Split what is held out into two, by group, by character and by post."""
    split = faces.split
    names = sorted({*faces.labels(split.impostors), *faces.labels(split.unseen)})
    first = set(np.random.default_rng(1).permutation(names)[::2].tolist())
    others = [*split.impostors, *split.unseen]

    def half(which: int) -> Half:
        return Half(
            [i for i in split.known if faces.samples[i].group % 2 == which],
            [i for i in others if (faces.samples[i].label in first) == (which == 0)],
            [i for i in split.no_face if faces.samples[i].group % 2 == which],
        )

    return half(0), half(1)


@dataclass(frozen=True)
class CrossFitted:
    """Judgements of both halves, each by calibration and threshold of the other.

    `tpir_at`: known faces, by the share of impostors named, each half by its own order of
    certainty. `known_named`: rightly, and at the threshold; `impostors_named`, `no_face_named`: at
    it.
    """

    known: Judged
    impostors: Judged
    tpir_at: dict[str, Share]
    known_named: np.ndarray
    impostors_named: np.ndarray
    no_face_named: np.ndarray


def cross_fitted(faces: Faces, vectors: Vectors, gallery: Gallery, scoring: Scoring) -> CrossFitted:
    """Fit on one half and judge the other, both ways round."""
    fitted_halves: list[CrossFitted] = []
    rightly = {f"{rate:.2f}": Share(0, 0) for rate in FPIRS}
    first, second = halves(faces)
    for fitted_on, asked in ((first, second), (second, first)):
        calibration, limit = fitted(faces, vectors, gallery, scoring, fitted_on)
        threshold = limit.among(len(gallery.characters))
        judged = judged_as(faces, vectors, gallery, scoring, calibration, asked)
        known = judged["known"]
        for rate in FPIRS:
            rightly[f"{rate:.2f}"] += tpir_at_fpir(known, judged["impostors"], rate)[0]
        fitted_halves.append(
            CrossFitted(
                known,
                judged["impostors"],
                rightly,
                (known.rank == 0) & (known.confidence >= threshold),
                judged["impostors"].confidence >= threshold,
                judged["no_face"].confidence >= threshold,
            )
        )
    return CrossFitted(
        both_halves([one.known for one in fitted_halves]),
        both_halves([one.impostors for one in fitted_halves]),
        rightly,
        np.concatenate([one.known_named for one in fitted_halves]),
        np.concatenate([one.impostors_named for one in fitted_halves]),
        np.concatenate([one.no_face_named for one in fitted_halves]),
    )


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


def fitted(
    faces: Faces, vectors: Vectors, gallery: Gallery, scoring: Scoring, half: Half
) -> tuple[Calibration, Threshold]:
    """Calibration and threshold from one half; the threshold from its impostors alone."""
    others = [*half.impostors, *half.no_face]
    asked = [*half.known, *others]
    truth = (*faces.labels(half.known), *("" for _ in others))
    calibration = fit_calibration(Trial(vectors[asked], truth), gallery, scoring)
    impostors = Trial(vectors[half.impostors], tuple("" for _ in half.impostors))
    return calibration, fit_threshold(impostors, gallery, scoring, calibration)


def judged_as(
    faces: Faces,
    vectors: Vectors,
    gallery: Gallery,
    scoring: Scoring,
    calibration: Calibration,
    half: Half,
) -> dict[str, Judged]:
    """Name the known faces, impostors and crops without a face of a half."""
    return {
        name: judge(vectors[indices], faces.labels(indices), gallery, scoring, calibration)
        for name, indices in (
            ("known", half.known),
            ("impostors", half.impostors),
            ("no_face", half.no_face),
        )
    }


def both_halves(judged: Sequence[Judged]) -> Judged:
    """Put the judgements of the halves together."""
    return Judged(
        np.concatenate([one.confidence for one in judged]),
        np.concatenate([one.rank for one in judged]),
    )


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
        "without the mirrored copy": (*one, SCORING),
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


def percent(share: dict) -> str:
    """A share with its interval, as it is written in a table."""
    return str(Share(share["hits"], share["total"]))


def sections(figures: dict) -> dict[str, str]:
    """The tables of `docs/accuracy.md`, by section."""
    source = (
        f"Model {figures['model']} (the held-out model), {figures['side']} px; "
        f"`{figures['command']}`; {figures['machine']}; {figures['date']}. "
        "Intervals: 95 %, Wilson; those over repeated draws are narrower than they should be."
    )
    known, fixed = figures["known"], figures["at_fitted_threshold"]
    rows = [
        [f"known, named among {known['gallery']}: top-1", percent(known["top_1"])],
        ["known: top-5", percent(known["top_5"])],
        ["unseen, 5-shot, among themselves", percent(figures["unseen_5_alone"])],
        ["unseen, 1-shot, among themselves", percent(figures["unseen_1_alone"])],
        ["unseen, 5-shot, beside the known", percent(figures["unseen_5_beside_known"])],
        ["unseen, 1-shot, beside the known", percent(figures["unseen_1_beside_known"])],
        ["unseen official icons, 1-shot", percent(figures["icons_1"])],
        *(
            [
                f"known: TPIR at FPIR = {float(rate):.0%}",
                percent(share),
            ]
            for rate, share in figures["tpir_at"].items()
        ),
        ["impostors: FPIR at the threshold of the other half", percent(fixed["impostors_named"])],
        ["known: TPIR at that threshold", percent(fixed["known_named_rightly"])],
        ["crops without a face named, at that threshold", percent(fixed["no_face_named"])],
        *(
            [f"{what} left out as a non-face", percent(figures["left_out_as_no_face"][part])]
            for part, what in (
                ("no_face", "crops without a face"),
                ("known", "known faces"),
                ("impostors", "impostors' faces"),
            )
        ),
        ["expected calibration error, 15 bins", f"{figures['calibration_error']:.3f}"],
        ["rightly labelled, known: top-1", percent(figures["rightly_labelled"]["top_1"])],
        [
            "rightly labelled, known: TPIR at FPIR = 5%",
            percent(figures["rightly_labelled"]["tpir_at_0.05"]),
        ],
    ]
    whole = known["top_1"]["share"]
    damages = [
        [name, percent(share), f"{100 * (whole - share['share']):.1f}"]
        for name, share in figures["damage"].items()
    ]
    return {
        "accuracy": f"{source}\n\n{table(['measure', 'result'], rows)}",
        "damage": table(["damage", "known, top-1", "points lost"], damages),
        "parts": parts_table(figures["parts"]),
    }


def parts_table(parts: dict[str, dict]) -> str:
    """The `part_figures` of each way, by its name, a line each."""
    head = ["", "known", "unseen, 5", "unseen, 1", "5, beside known", "icons, 1", "at 5 %", "grey"]
    rows = [
        [
            name,
            *(
                f"{100 * one:.1f}"
                for one in (
                    part["known"]["top_1"]["share"],
                    part["unseen_5_alone"]["share"],
                    part["unseen_1_alone"]["share"],
                    part["unseen_5_beside_known"]["share"],
                    part["icons_1"]["share"],
                    part["tpir_at"]["0.05"]["share"],
                    part["grey"]["share"],
                )
            ),
        ]
        for name, part in parts.items()
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
