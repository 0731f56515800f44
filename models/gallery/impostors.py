"""Faces of identities that no run trains on, as vectors: they stand for unknown identities.

They are of the reserved identities (`models.training.reserved`). The shipped gallery enrols these
characters, as people post them; whoever measures with their faces takes them out of the gallery
first (`unknown_to`). Calibrations, thresholds and promotion are fitted with the half `fitting`, and
reported with the half `reporting`.

What a server's gallery gives for its FPIR, in three steps:

    faces = Impostors.load(IMPOSTORS_FILE, backbone)      # None: other weights, nothing to measure
    inside = faces.unknown_to(gallery)
    examined = examine(faces.half(reporting=False).trial(), inside, namer.scoring)

`log_odds(examined.features, calibration)` of them, compared with `Namer.threshold_in(gallery)`, say
how many are named; the limit of a policy's `named` counts too, see `NamingPolicy.stated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.fitting import Trial
from models.gallery.gallery import unit
from models.weight_files import WEIGHTS, read_bound, write_bound

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.types import Vectors

IMPOSTORS_FILE: Final = WEIGHTS / "impostors.safetensors"


@dataclass(frozen=True, eq=False)
class Impostors:
    """Faces of reserved identities.

    `vectors`: (n, dimensions). `identities`: whom each shows. `reporting`: (n,), which are of the
    half of the identities that reports.
    """

    vectors: Vectors
    identities: tuple[str, ...]
    reporting: NDArray[np.bool_]

    @classmethod
    def load(cls, path: Path, backbone: str) -> Impostors | None:
        """Read what was shipped; None where there is none for this backbone."""
        read = read_bound(path, backbone)
        if read is None:
            return None
        about, held = read
        vectors = unit(held["vectors"].astype(np.float32))
        return cls(vectors, tuple(about["identities"]), held["reporting"].astype(np.bool_))

    def save(self, path: Path, backbone: str) -> None:
        """Write the vectors in half precision, bound to the backbone that made them."""
        tensors = {
            "vectors": self.vectors.astype(np.float16),
            "reporting": self.reporting.astype(np.uint8),
        }
        write_bound(path, backbone, {"identities": list(self.identities)}, tensors)

    def half(self, *, reporting: bool) -> Impostors:
        """The faces of the half of the identities that reports, or of the one to fit on."""
        chosen = np.flatnonzero(self.reporting == reporting)
        return Impostors(
            self.vectors[chosen],
            tuple(self.identities[i] for i in chosen),
            self.reporting[chosen],
        )

    def trial(self) -> Trial:
        """The faces as those of unknown identities."""
        return Trial(self.vectors, ("",) * len(self.vectors))

    def unknown_to(self, gallery: Gallery) -> Gallery:
        """Return the gallery without these characters, so that they are unknown identities."""
        return gallery.without(frozenset(self.identities))


def fitting_impostors(backbone: str, path: Path = IMPOSTORS_FILE) -> Impostors | None:
    """Return the shipped half to fit on; None where there is none for this backbone."""
    faces = Impostors.load(path, backbone)
    return None if faces is None else faces.half(reporting=False)
