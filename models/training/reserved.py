"""Reserved identities: no run ever trains on them, so that they can stand for unknown faces.

Calibration, thresholds and promotion need faces of characters that the network has never seen. One
identity in twenty is set aside for that, chosen by a hash of its id, so that every run on every
machine sets aside the same ones and a new roster moves none that was there before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SHARE: Final = 0.05
"""The share of the identities that may be reserved which is."""

BEST_KNOWN: Final = 1000
"""So many identities with the most appearances are never reserved."""


def hash_share(identity: str) -> float:
    """Where an id falls between 0 and 1, evenly and always the same."""
    digest = hashlib.sha256(identity.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def reserved_identities(
    appearances: Mapping[str, int], trained: Collection[str] = ()
) -> frozenset[str]:
    """Return the ids that no run trains on.

    `appearances`: of every id of the roster. `trained`: ids that earlier runs have trained on.
    Neither these nor the `BEST_KNOWN` with the most appearances are reserved; of equal appearances
    the id that comes first in the alphabet counts as better known.
    """
    ranked = sorted(appearances, key=lambda identity: (-appearances[identity], identity))
    exempt = {*ranked[:BEST_KNOWN], *trained}
    return frozenset(i for i in ranked if i not in exempt and hash_share(i) < SHARE)


def reports(identity: str) -> bool:
    """Whether a reserved identity is one of the half that reports; the other half is fitted on."""
    return hash_share(f"half of {identity}") < 0.5
