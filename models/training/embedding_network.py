"""The embedding's network in Keras: backbones side by side, and the fusion of their features.

A backbone's *late* features are its own vector: its last block, averaged, projected, of unit
length. The *intermediate* features are averages of earlier blocks. `models.training.fusion` finds
the projections, `models.training.export` writes the file that `models.embedding` runs.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

from models.training.inception import inception_blocks, pixels_input
from models.training.quiet_keras import keras, ops
from models.training.structure import prefix_of

if TYPE_CHECKING:
    from models.training.structure import Fusion, Structure

    Tensor = keras.KerasTensor


def build_embedding_network(side: int | None, structure: Structure) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    Its vectors are of unit length. `side` None leaves the size of the pictures open, as training at
    growing sizes needs it. The layer `pooled` gives the input of the first backbone's projection.
    Raises ValueError for a cut that can't be, for a side below 75 pixels, and for several backbones
    without a fusion.
    """
    pixels = pixels_input(side)
    blocks = inception_blocks(pixels, structure.cuts)
    prefixes = [prefix_of(backbone) for backbone in range(len(structure.cuts))]
    late: list[Tensor] = []
    for prefix, cut in zip(prefixes, structure.cuts, strict=True):
        pooled = keras.layers.GlobalAveragePooling2D(name=f"{prefix}pooled")(blocks[prefix + cut])
        late.append(_projected(pooled, structure.axes, f"{prefix}projection", f"{prefix}unit"))
    if structure.fusion is None:
        if len(late) > 1:
            raise ValueError("several backbones need a fusion")
        return keras.Model(pixels, late[0], name="embedding")
    names = [prefix + tap for prefix in prefixes for tap in structure.fusion.taps]
    tapped = {name: blocks[name] for name in names}
    return keras.Model(pixels, _fused(tapped, late, structure.fusion), name="embedding")


def weighted_layers(network: keras.Model) -> list[keras.Layer]:
    """The layers of a network that have a kernel and a bias."""
    return [layer for layer in network.layers if layer.weights]


def _fused(tapped: dict[str, Tensor], late: list[Tensor], fusion: Fusion) -> Tensor:
    averages = [_centred_average(block, name) for name, block in tapped.items()]
    joined = keras.layers.Concatenate(name="intermediate_averages")(averages)
    roots = keras.layers.Activation(ops.sqrt, dtype="float32", name="intermediate_roots")(joined)
    name = "intermediate_projection"
    intermediate = _projected(roots, fusion.axes, name, "intermediate_unit")
    features = keras.layers.Concatenate(name="features")([intermediate, *late])
    return _projected(features, fusion.dimensions, "fusion_projection", "fusion_unit")


def _centred_average(block: Tensor, name: str) -> Tensor:
    """Average overlapping windows over all places: the rim is in fewer of them."""
    windows = keras.layers.AveragePooling2D(3, 1, "valid", name=f"{name}_windows")(block)
    return keras.layers.GlobalAveragePooling2D(name=f"{name}_average")(windows)


def _projected(features: Tensor, axes: int, projection: str, unit: str) -> Tensor:
    """Project and scale to unit length, in single precision."""
    projected = keras.layers.Dense(axes, dtype="float32", name=projection)(features)
    return keras.layers.UnitNormalization(dtype="float32", name=unit)(projected)
