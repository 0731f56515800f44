"""Joins trained backbones to one embedding, by fusing their late and intermediate features.

The margin softmax draws a backbone's late features, its own vectors, towards the weights of the
classes that it learns: they say who of these a face is, and little of anybody else. The averages
of earlier blocks, the intermediate features, still hold what sets others apart: colours, strokes,
patterns. A linear discriminant projects them to where faces of one character lie close
(`models.training.projections`). Every part is of unit length, so that no face has more of one part
than another.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.embedding.embedder import EMBEDDING_FILE
from models.gallery.gallery import unit
from models.training.embedding_network import build_embedding_network, weighted_layers
from models.training.export import export_embedding
from models.training.projections import discriminant
from models.training.quiet_keras import keras
from models.training.runs import load_trained
from models.training.structure import Fusion, Structure, prefix_of
from models.training.trained import (
    FUSED_CLASS_WEIGHTS_FILE,
    USED_SIDE,
    embed_samples,
    save_class_weights,
    trained_class_weights,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample

    Matrix = NDArray[np.float32]

TAPS: Final = ("mixed3", "mixed4")
"""The blocks of each backbone whose averages are the intermediate features."""

INTERMEDIATE_SHARE: Final = 0.6
"""How much of a cosine comes from the intermediate features; docs/accuracy_96.md says why."""

AXES: Final = 192
"""Of the vectors, so many from intermediate features and at most as many from late ones."""


@dataclass(frozen=True, eq=False)
class Features:
    """The backbones' features of the same n faces.

    `intermediate`: before their projection, (n, channels), backbone by backbone. `late`: each
    backbone's own vectors, (n, axes), of unit length.
    """

    intermediate: Matrix
    late: tuple[Matrix, ...]

    def subset(self, backbones: Sequence[int]) -> Features:
        """The features of some of the backbones."""
        intermediate = np.split(self.intermediate, len(self.late), axis=1)
        return Features(
            np.concatenate([intermediate[backbone] for backbone in backbones], axis=1),
            tuple(self.late[backbone] for backbone in backbones),
        )


@dataclass(frozen=True, eq=False)
class Projections:
    """How intermediate features are projected, and then all features onto the vectors.

    `intermediate`: kernel and bias. `fusion`, (all features, dimensions): a kernel without bias.
    """

    intermediate: tuple[Matrix, Matrix]
    fusion: Matrix

    def vectors(self, features: Features) -> Matrix:
        """The vectors of faces, (n, dimensions) of unit length, as the network computes them."""
        kernel, bias = self.intermediate
        intermediate = unit(features.intermediate @ kernel + bias)
        return unit(np.concatenate([intermediate, *features.late], axis=1) @ self.fusion)

    def late_vectors(self, late: Sequence[Matrix]) -> Matrix:
        """Late features alone, (n, axes) each, in the space of the fused vectors; unit length."""
        before = self.intermediate[0].shape[1]
        return unit(np.concatenate(late, axis=1) @ self.fusion[before:])


def fit_projections(
    features: Features, labels: Sequence[str], share: float, axes: int = AXES
) -> Projections:
    """Fit the projections to labelled faces.

    `share`: of the intermediate features, 0 to 1; the backbones count alike. Late features are
    rotated onto their principal axes, of which `axes` are kept.
    """
    intermediate = discriminant(features.intermediate, labels, axes)
    return Projections(intermediate, fusion_kernel(features.late, share, axes))


def fusion_kernel(late: Sequence[Matrix], share: float, axes: int = AXES) -> Matrix:
    """What intermediate features beside late ones are multiplied by to be fused.

    `late`: each backbone's own vectors of the same faces, (n, dimensions) of unit length. See
    `fit_projections`.
    """
    joined = np.concatenate(late, axis=1).astype(np.float64)
    kept = np.linalg.eigh(joined.T @ joined)[1][:, -axes:].astype(np.float32)
    scale = np.float32(np.sqrt((1 - share) / len(late)))
    own = np.pad(kept * scale, ((0, 0), (axes, 0)))
    kernel = np.concatenate([np.sqrt(share) * np.eye(axes, own.shape[1]), own])
    return kernel.astype(np.float32)


def fuse_runs(
    samples: Sequence[Sample],
    runs: Sequence[Path],
    folder: Path,
    *,
    share: float = INTERMEDIATE_SHARE,
    axes: int = AXES,
) -> Path:
    """Write the embedding of finished `runs`, a backbone each, and its class weights, to `folder`.

    `samples`: what the runs learned from. `share`, `axes`: see `fit_projections`. Returns the
    exported file, `folder/embedding.tflite`; `class_weights` reads the class weights. Raises
    ValueError where the layers that backbones share are not the same in the runs, and ExportError.
    """
    trained = [load_trained(run) for run in runs]
    late_axes = trained[0][1].axes
    dimensions = axes + min(axes, late_axes * len(runs))
    cuts = tuple(cut for _, structure in trained for cut in structure.cuts)
    structure = Structure(cuts, late_axes, Fusion(TAPS, axes, dimensions))
    network = build_embedding_network(USED_SIDE, structure)
    for number, (one, _) in enumerate(trained):
        _put_in(network, number, one)
    labels = [sample.label for sample in samples]
    fitted = fit_projections(features_of(network, samples), labels, share, axes)
    network.get_layer("intermediate_projection").set_weights(fitted.intermediate)
    bias = np.zeros(dimensions, np.float32)
    network.get_layer("fusion_projection").set_weights([fitted.fusion, bias])
    path = folder / EMBEDDING_FILE.name
    export_embedding(network, path, structure)
    save_class_weights(folder / FUSED_CLASS_WEIGHTS_FILE, fused_class_weights(runs, fitted))
    return path


def features_of(network: keras.Model, samples: Sequence[Sample]) -> Features:
    """The features that a fused network computes of `samples`."""
    _, *late = network.get_layer("features").input
    parts = [network.get_layer("intermediate_roots").output, *late]
    joined = keras.Model(network.input, keras.layers.Concatenate()(parts))
    ends = np.cumsum([part.shape[-1] for part in parts])[:-1]
    intermediate, *own = np.split(embed_samples(joined, samples, USED_SIDE), ends, axis=1)
    return Features(intermediate, tuple(own))


def fused_class_weights(
    runs: Sequence[Path], fitted: Projections
) -> dict[str, NDArray[np.float32]]:
    """The class weights of `runs` in the space of the fused vectors, by label; unit length."""
    weights = [trained_class_weights(run) for run in runs]
    labels = list(weights[0])
    late = [np.stack([each[label] for label in labels]) for each in weights]
    return dict(zip(labels, fitted.late_vectors(late), strict=True))


def _put_in(network: keras.Model, number: int, trained: keras.Model) -> None:
    """Give backbone `number` of a network the weights of a trained one."""
    names = {layer.name for layer in network.layers}
    for layer in weighted_layers(trained):
        weights, own = layer.get_weights(), prefix_of(number) + layer.name
        if own in names:
            network.get_layer(own).set_weights(weights)
        elif not np.allclose(weights[0], network.get_layer(layer.name).get_weights()[0]):
            raise ValueError(f"backbone {number + 1} has not the first backbone's {layer.name}")
