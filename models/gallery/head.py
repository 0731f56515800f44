"""A server's trained head: centroids and classifier weights of its own part.

Shipped classifier weights are never touched: what is fitted are those of the server's own
characters, by softmax over all characters, shipped ones included, regularised towards the centroid.
How strongly is chosen anew in every training, by naming labelled faces that a fit was made without.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.classifier import fit_class_weights
from models.gallery.examples import non_faces_of, stacks_of
from models.gallery.gallery import Gallery, trimmed_mean
from models.gallery.scoring import scores

if TYPE_CHECKING:
    from models.gallery.examples import Example, Roster
    from models.gallery.scoring import Scoring
    from models.gallery.training_vectors import VectorSet
    from models.types import Character

STRENGTHS: Final = (2.0, 20.0, 200.0, 2000.0)
"""How strongly weights may be held to their centroid; `choose_strength` chooses among these.

The faces of all shipped characters push them away, those of one towards them: held too
loosely, characters of few pictures are named worse than by their centroids alone.
"""
FOLDS: Final = 4


def train_head(
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    roster: Roster,
    strength: float,
) -> Gallery | None:
    """Fit the own part of a server's gallery from its examples; None where there are none.

    `data` are shipped vectors to hold the new weights apart from, `strength` is how strongly they
    are held to their centroids. Held-out examples must have been left out by the caller.
    """
    named = [e for e in examples if e.character_id in roster.characters]
    if not named:
        return None
    head = _without_weights(examples, roster.characters)
    return _with_weights(head, shipped, data, named, [strength])[0]


def choose_strength(
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    roster: Roster,
    scoring: Scoring,
) -> float:
    """Return the regularisation that names left-out faces of the server's own characters best.

    Every labelled face is named once by a head that was fitted without it and its near-duplicates.
    A looser regularisation than the strongest must be better by more than chance (a standard
    error); where there are too few faces to tell, it is the strongest, which trusts the centroids.
    """
    examples = [e for e in examples if e.character_id in roster.characters]
    shipped_ids = {character.id for character in shipped.characters}
    right: dict[float, list[bool]] = {strength: [] for strength in STRENGTHS}
    for left_out, rest in folds_of(examples, shipped_ids):
        probes = np.stack([e.vector for e in left_out])
        head = _without_weights(rest, roster.characters)
        heads = _with_weights(head, shipped, data, rest, STRENGTHS)
        for strength, fitted in zip(STRENGTHS, heads, strict=True):
            gallery = shipped.extended(fitted)
            best = scores(probes, gallery, scoring).argmax(axis=1)
            right[strength] += [
                gallery.characters[i].id == e.character_id
                for i, e in zip(best, left_out, strict=True)
            ]
    if not right[STRENGTHS[0]]:
        return STRENGTHS[-1]
    shares = {strength: float(np.mean(hits)) for strength, hits in right.items()}
    top = max(shares.values())
    error = np.sqrt(top * (1 - top) / len(right[STRENGTHS[0]]))
    return max(strength for strength, share in shares.items() if share >= top - error)


def folds_of(
    examples: Sequence[Example], without: Collection[str] = ()
) -> Iterator[tuple[list[Example], list[Example]]]:
    """Return examples to ask about, and the rest to learn from, so that each is asked about once.

    Near-duplicates stay together. The lone picture of a character is in every rest, as are the
    characters `without` and what shows no face.
    """
    groups: dict[str, list[int]] = {}
    for example in examples:
        if example.character_id is not None and example.character_id not in without:
            own = groups.setdefault(example.character_id, [])
            if example.group not in own:
                own.append(example.group)
    folds = {
        (character_id, group): place % FOLDS
        for character_id, own in groups.items()
        if len(own) > 1
        for place, group in enumerate(own)
    }
    for fold in range(FOLDS):
        asked = [e for e in examples if folds.get((e.character_id or "", e.group)) == fold]
        rest = [e for e in examples if folds.get((e.character_id or "", e.group)) != fold]
        if asked:
            yield asked, rest


def _without_weights(examples: Sequence[Example], characters: Mapping[str, Character]) -> Gallery:
    stacks = stacks_of(examples, characters)
    centroids = np.stack([trimmed_mean(stack) for stack in stacks.values()])
    gallery = Gallery.of_centroids(
        [characters[key] for key in stacks], centroids, [len(stack) for stack in stacks.values()]
    )
    return replace(gallery, non_faces=non_faces_of(examples, centroids.shape[1]))


def _with_weights(
    head: Gallery,
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    strengths: Sequence[float],
) -> list[Gallery]:
    """Return the head with classifier weights for its own characters, for each strength."""
    shipped_ids = {character.id for character in shipped.characters}
    fresh = [i for i, c in enumerate(head.characters) if c.id not in shipped_ids]
    if not fresh:
        return [head] * len(strengths)
    stacks = stacks_of(examples, {head.characters[i].id: head.characters[i] for i in fresh})
    fitted = fit_class_weights(
        shipped, data, list(stacks.values()), head.stack.rows(fresh), strengths
    )
    places = np.array(fresh, np.intp)
    return [replace(head, classified=places, class_weights=rows) for rows in fitted]
