"""Mixes the trained projection with what an earlier block sees, at no cost in use.

The margin softmax bends the projection towards the characters that it tells apart; the averages of
an earlier block still hold what sets others apart: colours, strokes, patterns. Both parts, trained
and whitened, are put side by side and turned onto as many principal axes as the projection has: one
matrix again.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import keras
import numpy as np

from models.embedding import (
    EMBEDDING_FILE,
    build_embedding_network,
    load_network,
    save_embedding,
    weighted_layers,
)
from models.training.backbone import (
    TESTED_SIDE,
    TRAINED_FILE,
    embed_samples,
    read_directions,
    save_directions,
    trained_directions,
)
from models.training.whitening import whitening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample

    Matrix = NDArray[np.float32]

CLASSES: Final = "classes.npz"

EARLY: Final = "mixed4"
"""The earlier block whose averages are blended in."""

EARLY_SHARE: Final = 0.3
"""How much of two faces' likeness comes from the earlier block; docs/accuracy.md says why."""

AXES: Final = 512
"""Principal axes of the earlier block's averages that are whitened."""


@dataclass(frozen=True, eq=False)
class Blend:
    """A projection (channels, dimensions) with its bias, and what turns class directions to it.

    `turn`, (dimensions, dimensions): `directions @ turn` are the old directions in the new space.
    """

    kernel: Matrix
    bias: Matrix
    turn: Matrix


def blend(early: Matrix, last: Matrix, kernel: Matrix, bias: Matrix, share: float) -> Blend:
    """Blend the projection `last @ kernel + bias` with the whitened `early`, (n, channels) each.

    The result projects both side by side, `early` first. `share`: of `early`, 0 to 1.
    """
    parts: list[tuple[Matrix, Matrix]] = []
    for features, part, (matrix, offset) in (
        (last, 1 - share, (kernel, bias)),
        (early, share, whitening(early, AXES, floor=1.0)),
    ):
        length = np.linalg.norm(features @ matrix + offset, axis=1).mean()
        scale = np.float32(np.sqrt(part) / length)
        parts.append((matrix * scale, offset * scale))
    (trained, bias), (white, white_bias) = parts
    given = np.concatenate([last @ trained + bias, early @ white + white_bias], axis=1)
    dimensions = kernel.shape[1]
    spread = given.astype(np.float64)
    axes = np.linalg.eigh(spread.T @ spread)[1][:, -dimensions:].astype(np.float32)
    turn, early_turn = axes[:dimensions], axes[dimensions:]
    both = np.concatenate([white @ early_turn, trained @ turn])
    return Blend(both, white_bias @ early_turn + bias @ turn, turn)


def blend_run(
    samples: Sequence[Sample], run: Path, folder: Path, share: float = EARLY_SHARE
) -> Path:
    """Write the embedding of a finished `run`, and its class directions, to `folder`.

    `samples`: what the run learned from. `share`: see `blend`. Returns the weights file,
    `folder/embedding.safetensors`; `class_directions` reads the directions.
    """
    trained, settings = load_network(run / TRAINED_FILE)
    structure = replace(settings.structure, taps=(EARLY,))
    network = build_embedding_network(TESTED_SIDE, structure)
    for layer in weighted_layers(network):
        if layer.name != "projection":
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    pooled = keras.Model(network.input, network.get_layer("pooled").output)
    features = embed_samples(pooled, samples, TESTED_SIDE)
    width = network.get_layer(f"{EARLY}_average").output.shape[-1]
    kernel, bias = trained.get_layer("projection").get_weights()
    blended = blend(features[:, :width], features[:, width:], kernel, bias, share)
    network.get_layer("projection").set_weights([blended.kernel, blended.bias])
    path = folder / EMBEDDING_FILE.name
    save_embedding(network, path, structure, side=TESTED_SIDE, mirrored=True)
    turned = {label: one @ blended.turn for label, one in trained_directions(run).items()}
    save_directions(folder / CLASSES, turned)
    return path


def class_directions(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The class directions of a blended embedding, by label; unit length."""
    return read_directions(folder / CLASSES)
