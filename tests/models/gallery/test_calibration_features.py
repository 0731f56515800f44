"""The folds that tell how many features a calibration should weigh."""

from __future__ import annotations

import numpy as np

from benchmarks.calibration_features import FOLDS, folds
from models.gallery.fitting import Trial


def test_no_identity_is_fitted_on_and_measured_and_each_face_is_measured_once() -> None:
    names = tuple(f"c{n % 40}" for n in range(200))
    known = tuple(name if n % 2 else "" for n, name in enumerate(names))
    trial = Trial(np.eye(200, dtype=np.float32), known, ("fan art",) * 200, names)
    dealt = folds(trial, deal=1)
    assert len(dealt) == FOLDS
    for rest, held in dealt:
        measured = trial.only(held)
        assert not set(trial.only(rest).identities) & set(measured.identities)
        assert measured.truth == tuple(known[row] for row in held)
        assert measured.vectors.argmax(1).tolist() == held
    assert sorted(row for _, held in dealt for row in held) == list(range(200))
