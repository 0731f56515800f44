"""Measures a finished model on a folder of labelled faces: what `moedex evaluate` prints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.gallery.calibration import logistic
from models.gallery.gallery import Gallery
from models.roster.roster import unlisted
from models.training.dataset import load_dataset
from models.training.evaluation import (
    FPIRS,
    Share,
    calibration_error,
    few_shot,
    judge,
    tpir_at_fpir,
)
from models.training.galleries import embed_all
from models.types import Character

if TYPE_CHECKING:
    from pathlib import Path

    from models.embedding.embedder import Embedder
    from models.gallery.namer import Namer
    from models.training.dataset import Dataset
    from models.types import Vectors


def assess(
    data: Path,
    embedder: Embedder,
    namer: Namer,
    *,
    gallery: Path | None = None,
    shots: int | None = None,
) -> dict:
    """Figures for the faces below `data`, ready for JSON; shares are 0 to 1 with intervals.

    `gallery`: a folder whose faces (the first `shots` of each character, where given) make the
    names. `shots` alone: learn from so many pictures of `data` itself, the mean of ten draws.
    Otherwise the shipped gallery names. Raises DatasetError where a folder has no picture.
    """
    dataset = load_dataset(data, backgrounds=False)
    vectors = embed_all(embedder, dataset.samples)
    labels = [sample.label for sample in dataset.samples]
    figures: dict = {
        "pictures": len(labels),
        "characters": len(set(labels)),
        "skipped": len(dataset.skipped),
        "model": f"{embedder.version}-{namer.version}",
    }
    if gallery is None and shots is not None:
        groups = [sample.group for sample in dataset.samples]
        share = few_shot(vectors, labels, shots, scoring=namer.scoring, groups=groups)
        return figures | {"shots": shots, "top_1": share.as_dict()}
    used = namer.gallery if gallery is None else _gallery_of(gallery, embedder, namer, shots)
    figures["gallery"] = len(used.characters)
    ids = {character.id for character in used.characters}
    known = np.array([label in ids for label in labels])
    arguments = (used, namer.scoring, namer.calibration)
    judged = others = None
    if known.any():
        judged = judge(vectors[known], [x for x in labels if x in ids], *arguments)
        figures["top_1"] = judged.top(1).as_dict()
        figures["top_5"] = judged.top(5).as_dict()
        figures["calibration_error"] = calibration_error(judged)
    if not known.all():
        others = judge(vectors[~known], [x for x in labels if x not in ids], *arguments)
        named = Share.of(others.confidence >= logistic(np.array(namer.threshold_in(used))))
        figures["fpir"] = named.as_dict()
    if judged is not None and others is not None:
        for fpir in FPIRS:
            share, _ = tpir_at_fpir(judged, others, fpir)
            figures[f"tpir_at_fpir_{fpir:.0%}"] = share.as_dict()
    return figures


def _gallery_of(folder: Path, embedder: Embedder, namer: Namer, shots: int | None) -> Gallery:
    dataset: Dataset = load_dataset(folder, backgrounds=False)
    vectors = embed_all(embedder, dataset.samples)
    learned: dict[Character, Vectors] = {}
    for label in sorted({sample.label for sample in dataset.samples}):
        own = vectors[[i for i, s in enumerate(dataset.samples) if s.label == label]]
        learned[unlisted(label)] = own[:shots]
    return replace(Gallery.of(learned), non_faces=namer.gallery.non_faces)
