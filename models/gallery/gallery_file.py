"""A gallery as the tensors of a file, vectors in half precision; and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.gallery.gallery import Gallery, unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.types import Character


def tensors_of(gallery: Gallery) -> dict[str, NDArray[np.generic]]:
    """Return what `gallery_of` needs beside the characters."""
    tensors: dict[str, NDArray[np.generic]] = {
        "centroids": gallery.centroids.astype(np.float16),
        "classified": gallery.classified.astype(np.int32),
        "class_weights": gallery.class_weights.astype(np.float16),
        "non_faces": gallery.non_faces.astype(np.float16),
        "counts": gallery.counts.astype(np.int32),
    }
    if gallery.likeness is not None:
        tensors["likeness"] = gallery.likeness.astype(np.float16)
    if gallery.auxiliary_weights is not None:
        tensors["auxiliary_weights"] = gallery.auxiliary_weights.astype(np.float16)
    return tensors


def gallery_of(characters: Sequence[Character], held: Mapping[str, NDArray[np.generic]]) -> Gallery:
    """Make a gallery from the tensors of a file, also of those that former versions wrote.

    Raises KeyError and ValueError where they are none.
    """
    vectors = {
        name: unit(held[name].astype(np.float32))
        for name in ("centroids", "class_weights", "non_faces", "auxiliary_weights")
        if name in held
    }
    gallery = replace(
        Gallery.of_centroids(characters, vectors["centroids"], held["counts"].astype(np.int32)),
        non_faces=vectors["non_faces"],
        auxiliary_weights=vectors.get("auxiliary_weights"),
        likeness=held["likeness"].astype(np.float32) if "likeness" in held else None,
    )
    if "classified" in held:
        classified = held["classified"].astype(np.intp)
        return replace(gallery, classified=classified, class_weights=vectors["class_weights"])
    return gallery.with_class_weights(vectors["class_weights"])
