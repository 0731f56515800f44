"""A server's trained head: class directions and prototypes of its own part.

Shipped directions are never touched: what is fitted are directions for the server's own characters,
by softmax over all characters, shipped ones included, with a pull towards the prototype. How strong
the pull is, is chosen anew in every training, by naming labelled faces that a fit was made without.
Importing this imports no model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bot.feedback.consensus import NOT_A_FACE
from models.types import Character, Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_gallery import Example
    from models.gallery.namer import Gallery, Parts
    from models.gallery.training_vectors import VectorSet

SCALE: Final = 24.0
"""What cosines are multiplied by in the softmax; the backbone was trained with the same."""
PULLS: Final = (2.0, 20.0, 200.0, 2000.0)
"""How strongly a direction may be held to its prototype; `choose_pull` chooses among these.

The faces of all shipped characters push it away, those of one pull: held too loosely, characters of
few pictures are named worse than by their prototypes alone.
"""
FOLDS: Final = 4
STEPS: Final = 80
RATE: Final = 0.02


class HeadError(Exception):
    """The bytes of a head can't be read; the text says why."""


def train_head(
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    roster: ServerRoster,
    parts: Parts,
) -> Gallery | None:
    """Fit the own part of a server's gallery from its examples; None where there are none.

    `data` are shipped vectors to hold the new directions apart from, `parts` those that faces are
    named by. Held-back examples must have been left out by the caller.
    """
    named = [e for e in examples if e.label in roster.characters]
    if not named:
        return None
    pull = choose_pull(shipped, data, named, roster, parts)
    head = _undirected(examples, roster)
    return _directed(head, shipped, data, named, roster, [pull])[0]


def choose_pull(
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    roster: ServerRoster,
    parts: Parts,
) -> float:
    """Return the pull that names left-out faces of the server's own characters best.

    Every labelled face is named once by a head that was fitted without it and its near-duplicates.
    A looser pull than the strongest must be better by more than chance (a standard error); where
    there are too few faces to tell, the strongest it is, which trusts the prototypes.
    """
    from models.gallery.namer import scores

    shipped_ids = {character.id for character in shipped.characters}
    folds = _folds(e for e in examples if e.label not in shipped_ids)
    if not folds:
        return PULLS[-1]
    right: dict[float, list[bool]] = {pull: [] for pull in PULLS}
    for fold in range(FOLDS):
        left_out = [e for e in examples if folds.get((e.label, e.group)) == fold]
        rest = [e for e in examples if folds.get((e.label, e.group)) != fold]
        if not left_out:
            continue
        asked = np.stack([e.vector for e in left_out])
        head = _undirected(rest, roster)
        heads = _directed(head, shipped, data, rest, roster, PULLS)
        for pull, fitted in zip(PULLS, heads, strict=True):
            gallery = shipped.extended(fitted)
            best = scores(asked, gallery, parts).argmax(axis=1)
            right[pull] += [
                gallery.characters[i].id == e.label for i, e in zip(best, left_out, strict=True)
            ]
    shares = {pull: float(np.mean(hits)) for pull, hits in right.items()}
    top = max(shares.values())
    error = np.sqrt(top * (1 - top) / len(right[PULLS[0]]))
    return max(pull for pull, share in shares.items() if share >= top - error)


def _folds(examples: Iterable[Example]) -> dict[tuple[str, int], int]:
    """Return the fold of each group of pictures, by character; one of a lone group has none."""
    groups: dict[str, list[int]] = {}
    for example in examples:
        own = groups.setdefault(example.label, [])
        if example.group not in own:
            own.append(example.group)
    return {
        (label, group): place % FOLDS
        for label, own in groups.items()
        if len(own) > 1
        for place, group in enumerate(own)
    }


def _undirected(examples: Sequence[Example], roster: ServerRoster) -> Gallery:
    from models.gallery.namer import Gallery
    from models.training.head import trimmed_mean

    stacks = _stacks(examples, roster)
    prototypes = np.stack([trimmed_mean(stack) for stack in stacks.values()])
    rejects = [e.vector for e in examples if e.label == NOT_A_FACE]
    return Gallery(
        characters=tuple(roster.characters[key] for key in stacks),
        prototypes=prototypes,
        counts=np.array([len(stack) for stack in stacks.values()], np.int32),
        directions=np.zeros_like(prototypes),
        rejects=np.stack(rejects) if rejects else np.empty((0, prototypes.shape[1]), np.float32),
    )


def _directed(
    head: Gallery,
    shipped: Gallery,
    data: VectorSet,
    examples: Sequence[Example],
    roster: ServerRoster,
    pulls: Sequence[float],
) -> list[Gallery]:
    """Return the head with directions for its own characters, for each pull."""
    shipped_ids = {character.id for character in shipped.characters}
    fresh = [i for i, c in enumerate(head.characters) if c.id not in shipped_ids]
    if not fresh:
        return [head] * len(pulls)
    stacks = list(_stacks(examples, roster).values())
    fitted = fit_directions(
        shipped, data, [stacks[i] for i in fresh], head.prototypes[fresh], pulls
    )
    heads: list[Gallery] = []
    for rows in fitted:
        directions = head.directions.copy()
        directions[fresh] = rows
        heads.append(replace(head, directions=directions))
    return heads


def _stacks(examples: Iterable[Example], roster: ServerRoster) -> dict[str, Vectors]:
    """Return the vectors of each character, in the order of their ids."""
    own: dict[str, list[Vectors]] = {}
    for example in examples:
        if example.label in roster.characters:
            own.setdefault(example.label, []).append(example.vector)
    return {key: np.stack(vectors) for key, vectors in sorted(own.items())}


def fit_directions(
    shipped: Gallery,
    data: VectorSet,
    own: Sequence[Vectors],
    prototypes: Vectors,
    pulls: Sequence[float],
) -> NDArray[np.float32]:
    """Return directions (pulls, k, dimensions), unit length, for k new characters' vectors `own`.

    Adam on the cross entropy over shipped and new characters; each character weighs the same. A
    pull is how strongly each direction is held to its row of `prototypes`; fits with several of
    them do not touch each other, and share the products that take the time.
    """
    place = {c.id: i for i, c in enumerate(shipped.characters)}
    known = [i for i, label in enumerate(data.labels) if label in place]
    directed = np.any(shipped.directions != 0, axis=1)
    fixed = np.where(directed[:, None], shipped.directions, shipped.prototypes)
    x = np.concatenate([data.vectors[known], *own])
    y = np.concatenate(
        [
            np.array([place[data.labels[i]] for i in known], np.int64),
            np.repeat(np.arange(len(own)) + len(fixed), [len(v) for v in own]),
        ]
    )
    count = np.bincount(y, minlength=len(fixed) + len(own))[y]
    # A character's pictures share the weight of one, and up to eight: more say it more surely.
    weight = (np.minimum(count, 8) / count).astype(np.float32)[:, None, None]
    target = np.zeros((len(x), 1, len(own)), np.float32)
    rows = np.flatnonzero(y >= len(fixed))
    target[rows, 0, y[rows] - len(fixed)] = 1.0
    # Cosines times the scale are at most 24: their exponentials need no care. The shipped
    # characters' are the same in every step.
    held = np.exp(x @ fixed.T * SCALE).sum(axis=1)[:, None, None]
    strengths = np.array(pulls, np.float32)[:, None, None] * np.float32(SCALE)
    w = np.repeat(prototypes[None], len(pulls), axis=0)
    first, second = np.zeros_like(w), np.zeros_like(w)
    for step in range(1, STEPS + 1):
        unit = w / np.linalg.norm(w, axis=2, keepdims=True)
        new = np.exp(x @ unit.reshape(-1, x.shape[1]).T * SCALE).reshape(len(x), *w.shape[:2])
        error = (new / (new.sum(axis=2, keepdims=True) + held) - target) * weight
        gradient = SCALE * (error.reshape(len(x), -1).T @ x).reshape(w.shape)
        gradient += strengths * (unit - prototypes)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        change = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        w = unit - RATE * (1 - step / (STEPS + 1)) * change
    return (w / np.linalg.norm(w, axis=2, keepdims=True)).astype(np.float32)


def write_head(head: Gallery) -> bytes:
    """Return a head as a safetensors file, vectors in half precision."""
    about = {
        "characters": [asdict(character) for character in head.characters],
        "calibration": None if head.calibration is None else asdict(head.calibration),
        "threshold": None if head.threshold is None else asdict(head.threshold),
    }
    vectors = ("prototypes", "directions", "rejects")
    tensors: dict[str, NDArray[np.generic]] = {
        name: np.ascontiguousarray(getattr(head, name), np.float16) for name in vectors
    }
    tensors["counts"] = head.counts
    # The settings are a tensor too: `load` gives tensors only.
    tensors["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return save(tensors)


def read_head(data: bytes) -> Gallery:
    """Read what `write_head` wrote. Raises HeadError."""
    from models.gallery.namer import Calibration, Gallery, Threshold, unit

    try:
        held = load(data)
        about = json.loads(held["about"].tobytes())
        calibration = about["calibration"]
        return Gallery(
            characters=tuple(_character(c) for c in about["characters"]),
            prototypes=unit(held["prototypes"].astype(np.float32)),
            counts=held["counts"],
            directions=unit(held["directions"].astype(np.float32)),
            rejects=unit(held["rejects"].astype(np.float32)),
            calibration=calibration
            and Calibration(**{**calibration, "weights": tuple(calibration["weights"])}),
            threshold=None if about["threshold"] is None else Threshold.read(about["threshold"]),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HeadError(f"the head can't be read ({error})") from error


def _character(fields: Mapping[str, object]) -> Character:
    return Character(**{**fields, "aliases": tuple(fields["aliases"])})  # type: ignore[arg-type]
