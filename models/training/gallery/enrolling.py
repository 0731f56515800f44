"""From the vectors of labelled faces to a gallery, and to the vectors that ship beside it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.classifier import fit_class_weights
from models.gallery.clustering import centroids_of
from models.gallery.gallery import Gallery, trimmed_mean
from models.gallery.training_vectors import VectorSet
from models.images.hashing import NEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.roster.roster import Roster
    from models.training.breadth.faces import Face
    from models.types import Vectors

NON_FACES: Final = 12
"""Non-face exemplars of a gallery at most: the centroids of so many clusters of them."""
MANY: Final = 5
"""Vectors ship of characters with so many near-duplicate groups of pictures."""
KEPT_VECTORS: Final = 30
"""Vectors that ship of each of these, one a group: some 500 bytes each."""
NON_FACE_STRENGTH: Final = 0.3
"""How strongly the classifier weights of non-faces are held to their centroid."""


def enrolled(
    faces: Sequence[Face],
    vectors: Vectors,
    chosen: Sequence[int],
    roster: Roster,
) -> tuple[Gallery, VectorSet]:
    """Enrol the chosen faces of the roster's characters: a gallery, and labelled vectors of it.

    `vectors`: (faces, dimensions). Ids that the roster merged are one character. Characters are
    named by their centroids alone: classifier weights of those with many pictures cost these three
    points among 5,699 (docs/accuracy.md, "Missed goals").
    """
    known = {character.id: character for character in roster}
    own: dict[str, list[int]] = defaultdict(list)
    for index in chosen:
        identity = roster.resolve(faces[index].identity)
        if identity is not None:
            own[identity].append(index)
    ids = [character.id for character in roster if character.id in own]
    gallery = Gallery.of_centroids(
        [known[key] for key in ids],
        np.stack([trimmed_mean(vectors[own[key]]) for key in ids]),
        [len(own[key]) for key in ids],
    )
    return gallery.with_likeness(), _kept(faces, vectors, own)


def with_non_faces(gallery: Gallery, data: VectorSet, non_faces: Vectors) -> Gallery:
    """Return the gallery with exemplars of non-faces, and with classifier weights of their class.

    `non_faces`: (n, dimensions). The weights tell non-faces apart from all characters, and from the
    labelled faces of `data`.
    """
    centre = trimmed_mean(non_faces)[None]
    (weights,) = fit_class_weights(gallery, data, [non_faces], centre, [NON_FACE_STRENGTH])
    return replace(
        gallery, non_faces=centroids_of(non_faces, NON_FACES, 0), auxiliary_weights=weights
    )


def _kept(faces: Sequence[Face], vectors: Vectors, own: Mapping[str, Sequence[int]]) -> VectorSet:
    """Draw `KEPT_VECTORS` of each character of `MANY` groups, one a group, the same each time."""
    rng = np.random.default_rng(0)
    rows: list[int] = []
    labels: list[str] = []
    for identity, members in own.items():
        alone: list[int] = []
        hashes = np.empty(0, np.uint64)
        for index in rng.permutation(members).tolist():
            code = np.uint64(faces[index].phash)
            if not (np.bitwise_count(hashes ^ code) <= NEAR).any():
                alone.append(index)
                hashes = np.append(hashes, code)
        if len(alone) >= MANY:
            rows += alone[:KEPT_VECTORS]
            labels += [identity] * len(alone[:KEPT_VECTORS])
    return VectorSet(vectors[rows], tuple(labels), tuple(rows))
