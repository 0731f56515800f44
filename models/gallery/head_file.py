"""A server's head as bytes: one safetensors file, as the storage keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.gallery.fitted import Calibration, Threshold
from models.gallery.former_names import with_present_names
from models.gallery.gallery_file import gallery_of, tensors_of
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.gallery.gallery import Gallery


class HeadError(Exception):
    """The bytes of a head can't be read; the text says why."""


def write_head(head: Gallery) -> bytes:
    """Return a head as a safetensors file, vectors in half precision."""
    about = {
        "characters": [asdict(character) for character in head.characters],
        "calibration": None if head.calibration is None else asdict(head.calibration),
        "threshold": None if head.threshold is None else asdict(head.threshold),
    }
    tensors = tensors_of(head)
    # The settings are a tensor too: `load` gives tensors only.
    tensors["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return save(tensors)


def read_head(data: bytes) -> Gallery:
    """Read what `write_head` wrote, also in former versions. Raises HeadError."""
    try:
        held = with_present_names(load(data))
        about = json.loads(held["about"].tobytes())
        calibration, threshold = about["calibration"], about["threshold"]
        gallery = gallery_of(tuple(_character(c) for c in about["characters"]), held)
        return replace(
            gallery,
            calibration=None if calibration is None else Calibration.read(calibration),
            threshold=None if threshold is None else Threshold.read(threshold),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HeadError(f"the head can't be read ({error})") from error


def _character(fields: Mapping[str, object]) -> Character:
    return Character(**{**fields, "aliases": tuple(fields["aliases"])})  # type: ignore[arg-type]
