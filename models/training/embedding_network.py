"""The embedding's network in Keras: backbones side by side, and the fusion of their features.

A backbone's *late* features are its own vector: its last block, averaged, projected, of unit
length. The *intermediate* features are averages of earlier blocks. `models.training.fusion` finds
the projections. One backbone may project averages of several blocks instead, as a breadth run
trains it (`models.training.breadth`). `models.training.export` writes the file that
`models.embedding` runs.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.training.inception import inception_blocks, pixels_input
from models.training.quiet_keras import keras, ops
from models.training.structure import CUTS, prefix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.training.structure import Fusion, Structure

    Tensor = keras.KerasTensor

ROOT_OFFSET: Final = 1e-3
"""What is added to averages that may be 0, so that the slope of their roots stays finite."""

_NAMES: Final = ("projection", "unit")


def build_embedding_network(side: int | None, structure: Structure) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    Its vectors are of unit length. `side` None leaves the size of the pictures open, as training at
    growing sizes needs it. The layer `pooled` gives the input of the first backbone's projection.
    Raises ValueError for a cut that can't be, for a side below 75 pixels, for several backbones
    without a fusion, and for taps of several or with one.
    """
    pixels = pixels_input(side)
    blocks = inception_blocks(pixels, structure.cuts)
    if structure.taps:
        if len(structure.cuts) > 1 or structure.fusion is not None:
            raise ValueError("one backbone alone may project several blocks")
        vectors = _projected(tapped_roots(blocks, structure.taps), structure.axes, *_NAMES)
        return keras.Model(pixels, vectors, name="embedding")
    prefixes = [prefix_of(backbone) for backbone in range(len(structure.cuts))]
    late: list[Tensor] = []
    for prefix, cut in zip(prefixes, structure.cuts, strict=True):
        pooled = keras.layers.GlobalAveragePooling2D(name=f"{prefix}pooled")(blocks[prefix + cut])
        names = (prefix + name for name in _NAMES)
        late.append(_projected(pooled, structure.axes, *names))
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


def tapped_roots(blocks: dict[str, Tensor], taps: Sequence[str]) -> Tensor:
    """The square roots of the averages of blocks, (n, channels), in single precision.

    The rim counts less, but in the block that a backbone may end with: it has few places.
    """
    averages = [
        _average(blocks[tap], tap) if tap == CUTS[-1] else _centred_average(blocks[tap], tap)
        for tap in taps
    ]
    joined = keras.layers.Concatenate(dtype="float32", name="averages")(averages)
    raised = keras.layers.Rescaling(1.0, ROOT_OFFSET, dtype="float32", name="raised")(joined)
    return keras.layers.Activation(ops.sqrt, dtype="float32", name="features")(raised)


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
    return _average(windows, name)


def _average(block: Tensor, name: str) -> Tensor:
    """Average over all places, in single precision: a sum in bfloat16 would lose its last bits."""
    return keras.layers.GlobalAveragePooling2D(dtype="float32", name=f"{name}_average")(block)


def _projected(features: Tensor, axes: int, projection: str, unit: str) -> Tensor:
    """Project and scale to unit length, in single precision."""
    projected = keras.layers.Dense(axes, dtype="float32", name=projection)(features)
    return keras.layers.UnitNormalization(dtype="float32", name=unit)(projected)
