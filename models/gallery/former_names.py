"""The names that files written by former versions have for what they hold.

The shipped names, servers' heads and packs are safetensors files with settings in JSON. Users keep
heads and packs, so these names are read for good; only the present ones are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

FORMER: Final = {
    "prototypes": "centroids",
    "directions": "class_weights",
    "rejects": "non_faces",
    "unnamed": "auxiliary_weights",
    "parts": "scoring",
    "direction": "classifier",
    "a_doubling": "per_doubling",
}
"""The present name of each former one."""


def with_present_names(held: Mapping[str, T]) -> dict[str, T]:
    """Return the entries of a file, or of a part of its settings, under their present names."""
    return {FORMER.get(name, name): value for name, value in held.items()}


def calibration_fields(written: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a calibration.

    Former ones weighed three features (the third was the margin to non-faces) and scaled the sum by
    a slope. They were fitted on known faces alone, so that every wrong guess was of such a face.
    """
    if "slope" not in written:
        return dict(written)
    best, margin, refused = (written["slope"] * weight for weight in written["weights"])
    return {
        "weights": (best + refused, margin),
        "offset": written["offset"],
        "mistaken": 1.0,
        "temperature": written["temperature"],
    }


def threshold_fields(written: dict[str, Any] | float) -> dict[str, Any]:
    """Return the fields of a threshold; the first versions wrote the least probability alone.

    Those of `Threshold`, or of `Threshold.rising` where a former version wrote it.
    """
    if isinstance(written, dict):
        return with_present_names(written)
    return {"least": float(written), "characters": 1}
