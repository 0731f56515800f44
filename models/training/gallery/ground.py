"""What calibration, threshold and scoring are fitted on, and what reports: two halves.

Faces that the held-out model has not learned from, of three kinds (the roles of
`models.training.breadth.split`): second pictures, fan art of characters that are enrolled from
portraits, and further pictures of characters with many. With them go all faces of the reserved
identities, whom the gallery has not got. A hash of the id says which half a character belongs to
(`models.training.reserved`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.calibration import log_odds
from models.gallery.fitting import TARGET_FPIR, Trial, examine, fit, fit_calibration
from models.gallery.scoring import Scoring
from models.training.gallery.enrolling import enrolled
from models.training.reserved import reports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.fitted import Calibration, Threshold
    from models.gallery.gallery import Gallery
    from models.gallery.training_vectors import VectorSet
    from models.roster.roster import Roster
    from models.training.breadth.faces import Face
    from models.types import Vectors

KINDS: Final = {"second": "second pictures", "fan": "fan art", "known": "many pictures"}
"""The roles of known faces that are asked about, and what these are called."""
PRIORS: Final = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03)
HUBNESS: Final = (0.0, 0.15, 0.3, 0.5, 0.7)


@dataclass(frozen=True, eq=False)
class Ground:
    """The held-out model's gallery, and the faces that fit and that report."""

    gallery: Gallery
    data: VectorSet
    fitting: Trial
    reporting: Trial

    @classmethod
    def of(
        cls,
        faces: Sequence[Face],
        roles: Sequence[str],
        vectors: Vectors,
        roster: Roster,
    ) -> Ground:
        """Enrol the role `train`; rows of zeros in `vectors`, (faces, dimensions), are left out."""
        seen = np.any(vectors != 0, axis=1)
        chosen = [i for i, role in enumerate(roles) if role == "train" and seen[i]]
        gallery, data = enrolled(faces, vectors, chosen, roster)
        ids = {character.id for character in gallery.characters}

        def half(*, reporting: bool) -> Trial:
            rows: list[int] = []
            truth: list[str] = []
            kinds: list[str] = []
            shown: list[str] = []
            for i, role in enumerate(roles):
                if not seen[i] or reports(faces[i].identity) != reporting:
                    continue
                identity = roster.resolve(faces[i].identity) or faces[i].identity
                enrolled_one = role in KINDS and identity in ids
                if enrolled_one or role == "reserved":
                    rows.append(i)
                    truth.append(identity if enrolled_one else "")
                    kinds.append(KINDS[role] if enrolled_one else "")
                    shown.append(identity)
            return Trial(vectors[rows], tuple(truth), tuple(kinds), tuple(shown))

        return cls(gallery, data, half(reporting=False), half(reporting=True))

    def choose_scoring(self) -> Scoring:
        """Return how to score so that the fitting half is named best."""
        return max(
            (Scoring(prior=prior, hubness=hubness) for prior, hubness in product(PRIORS, HUBNESS)),
            key=self._named_rightly,
        )

    def fit(self, scoring: Scoring) -> tuple[Calibration, Threshold]:
        """Fit calibration and threshold on the fitting half, in galleries of many sizes."""
        return fit(self.fitting, self.gallery, scoring)

    def _named_rightly(self, scoring: Scoring) -> float:
        """How often the best guess is right, and is at an FPIR of 5 % besides, each kind alike."""
        examined = examine(self.fitting, self.gallery, scoring)
        odds = log_odds(examined.features, fit_calibration([examined]))
        limit = np.quantile(odds[~examined.known], 1 - TARGET_FPIR, method="higher")
        return float(examined.weights @ (examined.right * (1.0 + (odds > limit))))
