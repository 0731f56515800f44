"""A server's trained head: class directions, prototypes and exemplars of its own part.

Shipped directions are never touched: what is fitted are directions for the server's own characters,
by softmax over all characters, shipped ones included, with a pull towards the prototype that
decides alone where there are few pictures. Importing this imports no model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bot.learning.consensus import NOT_A_FACE
from models.types import Character, Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.learning.galleries import Example
    from bot.learning.roster import ServerRoster
    from models.naming import Gallery
    from models.vectors import VectorSet

SCALE: Final = 24.0
"""What cosines are multiplied by in the softmax; the backbone was trained with the same."""
PULL: Final = 200.0
"""How strongly a direction is held to its prototype.

The faces of all shipped characters push it away, those of one pull: with less, characters of few
pictures are named worse than by their prototypes alone.
"""
STEPS: Final = 80
RATE: Final = 0.02
EXEMPLARS: Final = 12
"""Exemplars kept of a character in a head."""


class HeadError(Exception):
    """The bytes of a head can't be read; the text says why."""


def train_head(
    shipped: Gallery, data: VectorSet, examples: Sequence[Example], roster: ServerRoster
) -> Gallery | None:
    """Fit the own part of a server's gallery from its examples; None where there are none.

    `data` are shipped vectors to hold the new directions apart from. Held-back examples must have
    been left out by the caller.
    """
    from models.naming import Gallery
    from models.training.head import clusters, trimmed_mean

    own: dict[str, list[Vectors]] = {}
    for example in examples:
        if example.label in roster.characters:
            own.setdefault(example.label, []).append(example.vector)
    if not own:
        return None
    stacks = {key: np.stack(vectors) for key, vectors in sorted(own.items())}
    prototypes = np.stack([trimmed_mean(stack) for stack in stacks.values()])
    new = {c.id for c in shipped.characters}.isdisjoint
    fresh = [i for i, key in enumerate(stacks) if new({key})]
    directions = np.zeros_like(prototypes)
    if fresh:
        directions[fresh] = fit_directions(
            shipped, data, [list(stacks.values())[i] for i in fresh], prototypes[fresh]
        )
    centres = [clusters(stack, EXEMPLARS) for stack in stacks.values()]
    rejects = [e.vector for e in examples if e.label == NOT_A_FACE]
    return Gallery(
        characters=tuple(roster.characters[key] for key in stacks),
        prototypes=prototypes,
        counts=np.array([len(stack) for stack in stacks.values()], np.int32),
        directions=directions,
        exemplars=np.concatenate(centres),
        owners=np.repeat(np.arange(len(centres), dtype=np.int32), [len(c) for c in centres]),
        rejects=np.stack(rejects) if rejects else np.empty((0, prototypes.shape[1]), np.float32),
    )


def fit_directions(
    shipped: Gallery, data: VectorSet, own: Sequence[Vectors], prototypes: Vectors
) -> Vectors:
    """Return directions (k, dimensions), unit length, for new characters with vectors `own`.

    Adam on the cross entropy over shipped and new characters; each character weighs the same.
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
    weight = (np.minimum(count, 8) / count).astype(np.float32)
    target = np.zeros((len(x), len(own)), np.float32)
    rows = np.flatnonzero(y >= len(fixed))
    target[rows, y[rows] - len(fixed)] = 1.0
    held = x @ fixed.T * SCALE
    w = prototypes.copy()
    first, second = np.zeros_like(w), np.zeros_like(w)
    for step in range(1, STEPS + 1):
        unit = w / np.linalg.norm(w, axis=1, keepdims=True)
        logits = x @ unit.T * SCALE
        top = np.maximum(held.max(axis=1), logits.max(axis=1))[:, None]
        new, old = np.exp(logits - top), np.exp(held - top).sum(axis=1, keepdims=True)
        share = new / (new.sum(axis=1, keepdims=True) + old)
        gradient = SCALE * ((share - target) * weight[:, None]).T @ x
        gradient += PULL * SCALE * (unit - prototypes)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        change = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        w = unit - RATE * (1 - step / (STEPS + 1)) * change
    return (w / np.linalg.norm(w, axis=1, keepdims=True)).astype(np.float32)


def write_head(head: Gallery) -> bytes:
    """Return a head as a safetensors file, vectors in half precision."""
    about = {
        "characters": [asdict(character) for character in head.characters],
        "calibration": None if head.calibration is None else asdict(head.calibration),
        "threshold": head.threshold,
    }
    vectors = ("prototypes", "directions", "exemplars", "rejects")
    tensors: dict[str, NDArray[np.generic]] = {
        name: np.ascontiguousarray(getattr(head, name), np.float16) for name in vectors
    }
    tensors |= {"counts": head.counts, "owners": head.owners}
    # The settings are a tensor too: `load` gives tensors only.
    tensors["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return save(tensors)


def read_head(data: bytes) -> Gallery:
    """Read what `write_head` wrote. Raises HeadError."""
    from models.naming import Calibration, Gallery, unit

    try:
        held = load(data)
        about = json.loads(held["about"].tobytes())
        calibration = about["calibration"]
        return Gallery(
            characters=tuple(_character(c) for c in about["characters"]),
            prototypes=unit(held["prototypes"].astype(np.float32)),
            counts=held["counts"],
            directions=unit(held["directions"].astype(np.float32)),
            exemplars=unit(held["exemplars"].astype(np.float32)),
            owners=held["owners"],
            rejects=unit(held["rejects"].astype(np.float32)),
            calibration=calibration
            and Calibration(**{**calibration, "weights": tuple(calibration["weights"])}),
            threshold=about["threshold"],
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HeadError(f"the head can't be read ({error})") from error


def _character(fields: Mapping[str, object]) -> Character:
    return Character(**{**fields, "aliases": tuple(fields["aliases"])})  # type: ignore[arg-type]
