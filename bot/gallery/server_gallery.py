"""The gallery that a server's faces are named by: the shipped one with the server's own on top.

`Examples` is what a server has: taught drawings, packs, and settled labels. A fifth of the groups
of labelled pictures is held back by a fixed rule: it measures versions, and neither names nor
trains. A picture that was taught as well measures nothing. Importing this module imports no model;
the functions do, so they belong in a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot.feedback.consensus import NOT_A_FACE, SPECIAL_LABELS
from models.images.hashing import copies

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.storage.records import Exemplar, FaceObservation, Label, SourceKind
    from models.gallery.namer import Gallery
    from models.types import Character, Vectors

HELD_BACK = 5
"""Every so manieth group of labelled pictures is held back."""


@dataclass(frozen=True, eq=False)
class Example:
    """One labelled vector of a server; `group` numbers near-duplicate pictures.

    Groups of taught pictures are below zero.
    `shared` says that another server gave it, which it trains beside the server's own.
    """

    vector: Vectors
    label: str
    kind: SourceKind
    source_id: int
    group: int
    shared: bool = False

    @property
    def held_back(self) -> bool:
        """Whether it is kept for measuring; what was taught, or is shared, never is."""
        return self.group >= 0 and not self.shared and is_held_back(self.group)


def is_held_back(group: int) -> bool:
    """Say whether a group of pictures is kept for measuring; the same at every call."""
    return hashlib.sha256(str(group).encode()).digest()[0] % HELD_BACK == 0


def examples_of(
    exemplars: Iterable[Exemplar],
    settled: Iterable[tuple[FaceObservation, Label]],
    roster: ServerRoster,
    backbone: str,
) -> list[Example]:
    """Return what a server has of this backbone, merges followed, the forgotten left out."""
    taught = [
        (e, label)
        for e in exemplars
        if e.backbone == backbone and (label := roster.resolve(e.character_id))
    ]
    found = [Example(e.vector, label, "exemplar", e.id, -e.id) for e, label in taught]
    settled = list(settled)
    taught_too = _taught_too([e for e, _ in taught], [observation for observation, _ in settled])
    for observation, label in settled:
        if observation.vector is None or observation.backbone != backbone or label.label is None:
            continue
        special = label.label in SPECIAL_LABELS
        name = label.label if special else roster.resolve(label.label)
        if name is not None:
            group = observation.group_id or observation.id
            group = taught_too.get(group, group)
            found.append(Example(observation.vector, name, "sighting", observation.id, group))
    return found


def _taught_too(exemplars: Iterable[Exemplar], faces: Sequence[FaceObservation]) -> dict[int, int]:
    """Return the groups of pictures that were taught as well, each with the drawing's group."""
    drawings = [(e.id, e.phash) for e in exemplars if e.phash]
    found = copies([face.phash for face in faces], [phash for _, phash in drawings])
    return {
        faces[place].group_id or faces[place].id: -drawings[drawing][0]
        for place, drawing in found.items()
    }


def shown_by(shipped: Gallery, roster: ServerRoster) -> Gallery:
    """Return the shipped gallery with a server's names, merges and forgotten characters."""
    names = tuple(
        roster.characters.get(character.id, character) for character in shipped.characters
    )
    gallery = replace(shipped, characters=names)
    targets = [roster.resolve(character.id) for character in shipped.characters]
    stay = [i for i, t in enumerate(targets) if t == shipped.characters[i].id]
    result = gallery.only(stay)
    for i, target in enumerate(targets):
        if i not in stay and target in roster.characters:
            one = replace(
                shipped.only([i]),
                characters=(roster.characters[target],),
                rejects=shipped.rejects[:0],
            )
            result = result.extended(one)
            # A direction tells either apart from the very character that it is one with now.
            kept = [c.id != target for c in result.characters]
            result = replace(result, directions=result.directions * np.array(kept)[:, None])
    return result


def own_part(examples: Sequence[Example], roster: ServerRoster, shipped: Gallery) -> Gallery | None:
    """Return the gallery of a server's examples as they are, without training; None for none.

    Labels of shipped characters wait for a trained and measured version; what somebody taught, and
    the server's own characters, name at once.
    """
    from models.gallery.namer import Gallery

    known = {character.id for character in shipped.characters}
    chosen: dict[Character, list[Vectors]] = {}
    for example in examples:
        character = roster.characters.get(example.label)
        at_once = example.kind == "exemplar" or example.label not in known
        if character is not None and at_once and not example.held_back:
            chosen.setdefault(character, []).append(example.vector)
    rejects = [e.vector for e in examples if e.label == NOT_A_FACE and not e.held_back]
    if not chosen:
        return None
    gallery = Gallery.of({c: np.stack(vectors) for c, vectors in chosen.items()})
    return replace(gallery, rejects=np.stack(rejects)) if rejects else gallery


def serving(
    shipped: Gallery,
    roster: ServerRoster,
    examples: Sequence[Example],
    newer: Sequence[Example] = (),
    head: Gallery | None = None,
) -> Gallery:
    """Return what names a server's faces: shipped, its trained head, and what came after it.

    `examples` are all that the server has; `newer` those that the head was not trained on. A
    character of the server's own that has newer ones is named by all its examples, as if it had
    never been trained: directions fitted to fewer pictures would hold the newer ones back.
    """
    gallery = shown_by(shipped, roster)
    untrained: Sequence[Example] = examples
    if head is not None:
        shipped_ids = {character.id for character in shipped.characters}
        stale = {e.label for e in newer if not e.held_back} & roster.characters.keys()
        stale -= shipped_ids
        part = shown_by(head, roster)
        part = part.only([i for i, c in enumerate(part.characters) if c.id not in stale])
        gallery = gallery.extended(part)
        late = {(e.kind, e.source_id) for e in newer}
        untrained = [e for e in examples if e.label in stale or (e.kind, e.source_id) in late]
    own = own_part(untrained, roster, shipped)
    if own is not None:
        gallery = gallery.extended(own)
    if head is not None:
        gallery = replace(gallery, calibration=head.calibration, threshold=head.threshold)
    return gallery
