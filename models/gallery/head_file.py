"""A server's head as bytes: one safetensors file, as the storage keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.gallery.fitted import Calibration, Threshold
from models.gallery.former_names import with_present_names
from models.gallery.gallery import Gallery, unit
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class HeadError(Exception):
    """The bytes of a head can't be read; the text says why."""


def write_head(head: Gallery) -> bytes:
    """Return a head as a safetensors file, vectors in half precision."""
    about = {
        "characters": [asdict(character) for character in head.characters],
        "calibration": None if head.calibration is None else asdict(head.calibration),
        "threshold": None if head.threshold is None else asdict(head.threshold),
    }
    vectors = ("centroids", "class_weights", "non_faces")
    tensors: dict[str, NDArray[np.generic]] = {
        name: np.ascontiguousarray(getattr(head, name), np.float16) for name in vectors
    }
    tensors["counts"] = head.counts
    # The settings are a tensor too: `load` gives tensors only.
    tensors["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return save(tensors)


def read_head(data: bytes) -> Gallery:
    """Read what `write_head` wrote, also in former versions. Raises HeadError."""
    try:
        held = with_present_names(load(data))
        about = json.loads(held["about"].tobytes())
        calibration = about["calibration"]
        return Gallery(
            characters=tuple(_character(c) for c in about["characters"]),
            centroids=unit(held["centroids"].astype(np.float32)),
            counts=held["counts"],
            class_weights=unit(held["class_weights"].astype(np.float32)),
            non_faces=unit(held["non_faces"].astype(np.float32)),
            calibration=calibration
            and Calibration(**{**calibration, "weights": tuple(calibration["weights"])}),
            threshold=None if about["threshold"] is None else Threshold.read(about["threshold"]),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HeadError(f"the head can't be read ({error})") from error


def _character(fields: Mapping[str, object]) -> Character:
    return Character(**{**fields, "aliases": tuple(fields["aliases"])})  # type: ignore[arg-type]
