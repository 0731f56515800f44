"""The article's table: its rivals, its own way and ours, on the same pictures in one run.

    pip install -e '.[rivals]'; apt install opencv-data
    python -m benchmarks.rivals ../shared/data --start nsfwjs-4.3.0.tgz --weights DIR

`--weights` holds the embedding and naming of a model that was trained without the split's held-out
pictures (the held-out model of `moedex train all`). Everything is learned from the split's training
pictures and asked about its held-out ones. Writes a section of
`docs/accuracy_96.md`, a plot and JSON.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmarks import naming_protocols as protocols
from benchmarks.damage import FACE_DAMAGES, PICTURE_DAMAGES
from benchmarks.detection import OnePass
from benchmarks.methods.iqdb import WaveletIndex, signature
from benchmarks.methods.openface import HumanFaceDetectors
from benchmarks.naming_protocols import Method
from benchmarks.rival_faces import THREE, RivalFaces
from benchmarks.rivals_shown import plot_rivals, shown
from benchmarks.statistics import machine, today, write_section
from models.detection.cascade import CascadeDetector
from models.detection.registry import Detector, load_detector
from models.gallery.namer import Namer
from models.images.crops import crop_face
from models.images.decoding import PictureError, decode
from models.intervals import Share
from models.training.dataset import CACHED_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.types import Pixels

ARTICLE_THRESHOLD = 0.94
SHOTS = (1, 2, 5, 10, 20, 40)
CHARACTERS = (3, 25, 50)
MOST_PICTURES = 60
"""So many pictures of a character are learned from at most, as in the article's larger test."""

RATES = (0.01, 0.05, 0.1)


def naming_tables(faces: RivalFaces) -> dict[str, Any]:
    """Measure every method by every protocol; shares as hits and questions."""
    used = np.unique(np.concatenate([faces.train, faces.known, faces.unseen, faces.impostors]))
    methods = faces.methods(used)
    labels, known, truth = faces.labels, faces.known, faces.labels[faces.known]
    figures: dict[str, Any] = {"characters": {}, "shots": {}, "unseen": {}, "tpir": {}}
    figures |= {"damage": {}, "article": {}, "found": {}}
    ranked = protocols.by_character(labels, faces.train)
    three = protocols.by_character(labels, faces.three_train)
    for method in methods:
        figures["found"][method.name] = Share(
            int((~np.isnan(method.vectors[known, 0])).sum()), len(known)
        )
        for count in (*CHARACTERS, len(ranked)):
            if count == len(THREE):
                chosen, pool, ask = list(THREE), three, faces.three_known
            else:
                chosen, pool = [name for name, _ in ranked[:count]], ranked
                ask = known[np.isin(truth, chosen)]
            learn = np.concatenate([own[:MOST_PICTURES] for name, own in pool if name in chosen])
            given = protocols.answers(method, learn, labels, ask)
            each = [int((labels[learn] == name).sum()) for name in chosen]
            figures["characters"].setdefault(str(len(chosen)), {"pictures each": each})[
                method.name
            ] = (given.right(labels[ask]), given.right(labels[ask], top=5))
        rich = [name for name, own in ranked if len(own) >= max(SHOTS)]
        pool = faces.train[np.isin(labels[faces.train], rich)]
        ask = known[np.isin(truth, rich)]
        for shots in SHOTS:
            rng = np.random.default_rng(shots)
            total = Share(0, 0)
            for _ in range(3):
                learn = protocols.some_of_each(labels, pool, shots, rng)
                total += protocols.answers(method, learn, labels, ask).right(labels[ask])
            figures["shots"].setdefault(str(shots), {})[method.name] = total
        for shots in (5, 1):
            figures["unseen"].setdefault(str(shots), {})[method.name] = protocols.few_shots(
                method, labels, faces.groups, faces.unseen, shots
            )
        extended, rows = faces.with_damaged(method)
        asked = [known, faces.impostors, *rows]
        # All in one go: a softmax takes a minute to fit.
        given = protocols.answers(extended, faces.train, labels, np.concatenate(asked))
        whole, impostors, *hurt = given.parted([len(part) for part in asked])
        for rate in RATES:
            figures["tpir"].setdefault(f"{rate:.0%}", {})[method.name] = protocols.tpir_at_fpir(
                whole, truth, impostors, rate
            )
        for name, answers in zip(["none", *FACE_DAMAGES], [whole, *hurt], strict=True):
            figures["damage"].setdefault(name, {})[method.name] = answers.right(truth)
        if method.naming == "softmax" or isinstance(method.naming, Namer):
            figures["article"][method.name] = protocols.article_protocol(
                method,
                labels,
                THREE,
                faces.three_train,
                np.concatenate([faces.three_known, known[~np.isin(truth, THREE)]]),
                ARTICLE_THRESHOLD,
            )
    figures["takayama"] = takayama_counts(methods[1], faces)
    figures["parts"] = parts_switched_off(methods[-1], faces)
    return figures


def takayama_counts(method: Method, faces: RivalFaces) -> dict[str, Share]:
    """True positives, false positives and false negatives, as the article gives them.

    A face is named where it is nearer to its mean than 88.2 % of the training pictures are to the
    mean of their own character: the share that the article's figures name.
    """
    labels = faces.labels
    train = protocols.answers(method, faces.train, labels, faces.train)
    limit = float(np.quantile(train.scores[np.isfinite(train.scores)], 0.118))
    given = protocols.answers(method, faces.train, labels, faces.known)
    named, right = given.scores >= limit, given.names[:, 0] == labels[faces.known]
    count = len(faces.known)
    return {
        "true positives": Share(int((named & right).sum()), count),
        "false positives": Share(int((named & ~right).sum()), count),
        "false negatives": Share(int((~named).sum()), count),
    }


def parts_switched_off(method: Method, faces: RivalFaces) -> dict[str, tuple[Share, Share]]:
    """Name the known with parts of ours switched off: top-1, and TPIR at FPIR = 5 %."""
    labels, truth = faces.labels, faces.labels[faces.known]
    used = np.concatenate([faces.train, faces.known, faces.impostors])
    plain = np.full_like(method.vectors, np.nan)
    plain[used] = faces.embed([faces.pictures[i] for i in used], twice=False)
    found: dict[str, tuple[Share, Share]] = {}
    for name, part in {
        "as shipped": method,
        "without the closer copy": replace(method, vectors=plain),
        "without calibrated confidence: nearest centroid": replace(method, naming="nearest mean"),
    }.items():
        given = protocols.answers(part, faces.train, labels, faces.known)
        impostors = protocols.answers(part, faces.train, labels, faces.impostors)
        found[name] = given.right(truth), protocols.tpir_at_fpir(given, truth, impostors, 0.05)
    return found


def read_pictures(folder: Path) -> list[Pixels]:
    """Decode every picture below a folder, in the order of names."""
    pictures: list[Pixels] = []
    for path in sorted(folder.rglob("*.*")):
        try:
            pictures.append(decode(path.read_bytes(), path.name).frames[0])
        except PictureError as error:
            typer.echo(str(error), err=True)
    return pictures


def faces_found(folders: dict[str, Path]) -> dict[str, dict[str, Share]]:
    """In how many whole pictures each detector finds any face."""
    human = HumanFaceDetectors()
    anime, ours = CascadeDetector(), load_detector("auto")
    found: dict[str, dict[str, Share]] = {}
    for place, folder in folders.items():
        pictures = read_pictures(folder)
        detectors: dict[str, Callable[[Pixels], Sequence[object]]] = {
            name: (lambda picture, name=name: human.find(name, picture)) for name in human.names
        }
        detectors |= {"LBP, anime (all passes)": anime.detect, "Moedex": ours.detect}
        for name, detect in detectors.items():
            hits = sum(
                bool(len(detect(p))) for p in track(pictures, description=f"{place}: {name}")
            )
            found.setdefault(name, {})[place] = Share(hits, len(pictures))
    return found


def article_on_posts(folder: Path, faces: RivalFaces) -> dict[str, Share]:
    """Name whole posts of the three from 20 posts each, over ten draws, with a cascade or without.

    Where no face is found there is nothing to learn from, or no answer.
    """
    paths = sorted(folder.glob("*/*"))
    labels = np.array([path.parent.name for path in paths])
    pictures = [decode(path.read_bytes(), path.name).frames[0] for path in paths]
    ways: dict[str, tuple[Detector | None, str]] = {
        "one cascade pass, frozen Inception-v3, softmax": (OnePass(), "the article's way"),
        "the same on the whole picture, no cascade": (None, "the article's way"),
        "Moedex: learned detector, own embedding, gallery": (load_detector("auto"), "Moedex"),
    }
    found: dict[str, Share] = {}
    for title, (detector, name) in ways.items():
        crops = [_largest_face(picture, detector) for picture in pictures]
        shown = [index for index, crop in enumerate(crops) if crop is not None]
        some = faces.describe[name]([crop for crop in crops if crop is not None])
        vectors = np.full((len(pictures), some.shape[1]), np.nan, np.float32)
        vectors[shown] = some
        method = Method(title, vectors, faces.naming[name])
        rng, everything = np.random.default_rng(0), np.arange(len(pictures))
        total = Share(0, 0)
        for _ in range(10):
            learn = protocols.some_of_each(labels, everything, 20, rng)
            ask = np.setdiff1d(everything, learn)
            total += protocols.answers(method, learn, labels, ask).right(labels[ask])
        found[title] = total
    return found


def _largest_face(picture: Pixels, detector: Detector | None) -> Pixels | None:
    """The crop of the largest face, None where none is found; the picture without a detector."""
    if detector is None:
        return picture
    heads = detector.detect(picture)
    if not heads:
        return None
    return crop_face(picture, max(heads, key=lambda face: face.box.side).box, CACHED_SIDE)


def reverse_search(folder: Path, faces: RivalFaces) -> dict[str, dict[str, Any]]:
    """IQDB's way against damaged queries, and our vectors of the whole picture beside it."""
    pictures = read_pictures(folder)
    index = WaveletIndex([signature(picture) for picture in pictures])
    vectors = faces.embed(pictures)
    found: dict[str, dict[str, Any]] = {}
    for name, damage in PICTURE_DAMAGES.items():
        hurt = [damage(picture) for picture in pictures]
        similarity = np.stack([index.similarities(signature(picture)) for picture in hurt])
        own = np.diag(similarity)
        ours = faces.embed(hurt) @ vectors.T
        found[name] = {
            "similarity": float(np.median(own)),
            "iqdb first": Share(int((similarity.argmax(1) == np.arange(len(own))).sum()), len(own)),
            "moedex first": Share(int((ours.argmax(1) == np.arange(len(own))).sum()), len(own)),
        }
    return found


def main(
    data: Annotated[Path, typer.Argument(help="The folder of labelled pictures.")],
    start: Annotated[Path, typer.Option(help="The npm package with the starting weights.")],
    weights: Annotated[Path, typer.Option(help="Folder of a model trained on the split.")],
    docs: Annotated[Path, typer.Option(help="Where the tables go.")] = Path("docs/accuracy_96.md"),
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Measure all rivals and write the tables."""
    faces = RivalFaces(data, start, weights)
    figures = {"machine": machine(), "date": today()} | naming_tables(faces)
    figures["detectors"] = faces_found(
        {"look-alikes' posts": data / "three_lookalikes" / "posts", "posts": data / "posts"}
    )
    figures["whole posts"] = article_on_posts(data / "three_lookalikes" / "posts", faces)
    figures["reverse"] = reverse_search(data / "posts", faces)
    write_section(docs, "rivals", shown(figures))
    plot_rivals(figures, docs.with_name("rivals.png"))
    if out is not None:
        text = json.dumps(figures, indent=1, default=lambda s: {"hits": s.hits, "total": s.total})
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
