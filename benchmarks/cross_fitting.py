"""Calibration and threshold fitted on one half of what is held out, and judged on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.faces import Faces
from models.gallery.calibration import logistic
from models.gallery.fitted import Calibration, Threshold
from models.gallery.fitting import Trial, fit
from models.gallery.gallery import Gallery
from models.gallery.scoring import Scoring
from models.training.evaluation import (
    FPIRS,
    Judged,
    Share,
    judge,
    tpir_at_fpir,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Vectors


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
        threshold = float(logistic(np.array(limit.among(len(gallery.characters)))))
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


def fitted(
    faces: Faces, vectors: Vectors, gallery: Gallery, scoring: Scoring, half: Half
) -> tuple[Calibration, Threshold]:
    """Calibration and threshold from the known faces and the impostors of one half."""
    asked = [*half.known, *half.impostors]
    truth = (*faces.labels(half.known), *("" for _ in half.impostors))
    return fit(Trial(vectors[asked], truth), gallery, scoring)


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
