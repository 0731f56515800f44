"""Crops that show no face: more like a non-face than like anybody of a gallery."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.types import Vectors

NON_FACE_MARGIN: Final = 0.25
"""A crop is no face where its cosine to a non-face exemplar leads that to anybody by so much.

It holds in a gallery of up to a hundred characters. Among more, somebody is always likelier: the
lead that is asked for falls to none among ten thousand.
`benchmarks/accuracy.py` counts the faces that `is_non_face` loses, `benchmarks/detection.py` those
of whole pictures.
"""


def is_non_face(vectors: Vectors, gallery: Gallery) -> NDArray[np.bool_]:
    """Which vectors are more like a non-face than like anybody, (n,) bool.

    Either a non-face exemplar leads every centroid (`NON_FACE_MARGIN`), or the learned class of
    non-faces is likest of all: of the classes of faces, named or not, and of characters without a
    class. A cosine of less than `NON_FACE_MARGIN` says nothing.
    """
    refused = (vectors @ gallery.non_faces.T).max(1, initial=-1)
    by_class = np.zeros(len(vectors), np.bool_)
    classes = np.empty((len(vectors), 0), np.float32)
    if gallery.auxiliary_weights is not None:
        classes = vectors @ np.concatenate([gallery.auxiliary_weights, gallery.class_weights]).T
        by_class = classes[:, 0] > classes[:, 1:].max(1, initial=NON_FACE_MARGIN)
    # Most faces are none by either sign, and need not be compared with everybody.
    doubtful = np.flatnonzero(by_class | (refused > NON_FACE_MARGIN))
    if not len(doubtful):
        return by_class
    cosines = gallery.stack.cosines(vectors[doubtful])
    likest = cosines.max(1, initial=-1)
    cosines[:, gallery.classified] = -1
    unclassified = cosines.max(1, initial=-1)
    result = np.zeros(len(vectors), np.bool_)
    result[doubtful] = refused[doubtful] > likest + _margin(len(gallery.characters))
    if gallery.auxiliary_weights is not None:
        result[doubtful] |= by_class[doubtful] & (classes[doubtful, 0] > unclassified)
    return result


def _margin(characters: int) -> float:
    return NON_FACE_MARGIN * min(max((4 - math.log10(max(characters, 1))) / 2, 0.0), 1.0)
