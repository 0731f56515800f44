"""The gallery that a server's faces are named by: the shipped one with the server's own on top."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.gallery.examples import non_faces_of
from models.gallery.gallery import Gallery
from models.gallery.posted import PRIOR_WEIGHTS, log_priors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.examples import Example, Roster
    from models.gallery.posted import PriorWeights, Seen
    from models.types import Character, Vector


def shown_by(shipped: Gallery, roster: Roster) -> Gallery:
    """Return the shipped gallery with a server's names, merges and forgotten characters."""
    names = tuple(
        roster.characters.get(character.id, character) for character in shipped.characters
    )
    same = names == shipped.characters
    gallery = replace(
        shipped, characters=shipped.characters if same else names, base=shipped.base or shipped
    )
    targets = [roster.resolve(character.id) for character in shipped.characters]
    stay = [i for i, t in enumerate(targets) if t == shipped.characters[i].id]
    result = gallery.subset(stay)
    for i in sorted(set(range(len(targets))).difference(stay)):
        target = targets[i]
        if target is not None and target in roster.characters:
            one = replace(
                shipped.subset([i]),
                characters=(roster.characters[target],),
                non_faces=shipped.non_faces[:0],
            )
            result = result.extended(one)
            # Its classifier tells either apart from the very character that it is one with now.
            result = result.without_class_weights(
                [place for place, c in enumerate(result.characters) if c.id == target]
            )
    return result


def own_part(examples: Sequence[Example], roster: Roster, shipped: Gallery) -> Gallery | None:
    """Return the gallery of a server's examples as they are, without training; None for none.

    Labels of characters with classifier weights wait for a trained and measured version. What
    somebody taught, and labels of anybody else, name at once.
    """
    known = {shipped.characters[row].id for row in shipped.classified}
    chosen: dict[Character, list[Vector]] = {}
    for example in examples:
        character = roster.characters.get(example.character_id or "")
        at_once = example.taught or example.character_id not in known
        if character is not None and at_once:
            chosen.setdefault(character, []).append(example.vector)
    if not chosen:
        return None
    gallery = Gallery.of({c: np.stack(vectors) for c, vectors in chosen.items()})
    return replace(gallery, non_faces=non_faces_of(examples, gallery.dimensions))


def server_gallery(
    shipped: Gallery,
    roster: Roster,
    examples: Sequence[Example],
    newer: Sequence[Example] = (),
    head: Gallery | None = None,
    seen: Sequence[Seen] = (),
    weights: PriorWeights = PRIOR_WEIGHTS,
) -> Gallery:
    """Return what names a server's faces: shipped, its trained head, and what came after it.

    `examples` are all that the server has; `newer` those that came after the head. A character of
    the server's own that has newer ones is named by all its examples, as if it had never been
    trained: a classifier fitted to fewer pictures would hold the newer ones back. What was held out
    of the head's training is enrolled beside it. Whoever was `seen` there, was taught, or is of the
    server's own, is the likelier to be posted, by `weights`.
    """
    gallery = shown_by(shipped, roster)
    untrained: Sequence[Example] = examples
    shipped_ids = {character.id for character in shipped.characters}
    if head is not None:
        stale = {e.character_id for e in newer} & roster.characters.keys()
        stale -= shipped_ids
        part = shown_by(head, roster)
        part = part.subset([i for i, c in enumerate(part.characters) if c.id not in stale])
        gallery = gallery.extended(part)
        late = {(e.taught, e.source_id) for e in newer}
        untrained = [
            e
            for e in examples
            if e.held_out or e.character_id in stale or (e.taught, e.source_id) in late
        ]
    own = own_part(untrained, roster, shipped)
    if own is not None:
        gallery = gallery.extended(own)
    if head is not None:
        gallery = replace(gallery, calibration=head.calibration, threshold=head.threshold)
    own_ids = {
        e.character_id
        for e in examples
        if e.character_id is not None and (e.taught or e.character_id not in shipped_ids)
    }
    return replace(gallery, posted=log_priors(gallery.characters, own_ids, seen, weights))
