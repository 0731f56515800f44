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
    from collections.abc import Iterable, Mapping, Sequence

    from models.training.structure import Fusion, Structure

    Tensor = keras.KerasTensor

ROOT_OFFSET: Final = 1e-3
"""What is added to averages that may be 0, so that the slope of their roots stays finite."""


def build_embedding_network(side: int | None, structure: Structure) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    Its vectors are of unit length. `side` None leaves the size of the pictures open, as training at
    growing sizes needs it. The layer `pooled` gives the input of the first backbone's projection.
    Raises ValueError for a cut that can't be, for a side below 75 pixels, for several backbones
    without a fusion, and for taps of several.
    """
    if structure.taps and len(structure.cuts) > 1:
        raise ValueError("one backbone alone may project several blocks")
    pixels = pixels_input(side)
    blocks = inception_blocks(pixels, structure.cuts)
    fusion = structure.fusion
    prefixes = [prefix_of(backbone) for backbone in range(len(structure.cuts))]
    fused = [prefix + tap for prefix in prefixes for tap in (fusion.taps if fusion else ())]
    averages = block_averages(blocks, [*structure.taps, *fused])
    late: list[Tensor] = []
    for prefix, cut in zip(prefixes, structure.cuts, strict=True):
        name = f"{prefix}pooled"
        if structure.taps:
            pooled = tapped_roots([averages[tap] for tap in structure.taps], name)
        else:
            pooled = keras.layers.GlobalAveragePooling2D(name=name)(blocks[prefix + cut])
        late.append(_projected(pooled, structure.axes, f"{prefix}projection", f"{prefix}unit"))
    if fusion is None:
        if len(late) > 1:
            raise ValueError("several backbones need a fusion")
        return keras.Model(pixels, late[0], name="embedding")
    vectors = _fused([averages[name] for name in fused], late, fusion)
    return keras.Model(pixels, vectors, name="embedding")


def weighted_layers(network: keras.Model) -> list[keras.Layer]:
    """The layers of a network that have a kernel and a bias."""
    return [layer for layer in network.layers if layer.weights]


def block_averages(blocks: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Average blocks over their places, in single precision, each once; (n, channels) by name.

    Windows that overlap are averaged first: the rim is in fewer of them, and counts less. But the
    block that ends a whole backbone has too few places for that.
    """
    averages: dict[str, Tensor] = {}
    for name in dict.fromkeys(names):
        places = blocks[name]
        if not name.endswith(CUTS[-1]):
            places = keras.layers.AveragePooling2D(3, 1, "valid", name=f"{name}_windows")(places)
        # a sum in bfloat16 would lose its last bits
        average = keras.layers.GlobalAveragePooling2D(dtype="float32", name=f"{name}_average")
        averages[name] = average(places)
    return averages


def tapped_roots(averages: Sequence[Tensor], name: str) -> Tensor:
    """The square roots of averages of several blocks side by side, as a breadth run has them."""
    joined = keras.layers.Concatenate(dtype="float32", name="averages")(averages)
    raised = keras.layers.Rescaling(1.0, ROOT_OFFSET, dtype="float32", name="raised")(joined)
    return keras.layers.Activation(ops.sqrt, dtype="float32", name=name)(raised)


def _fused(averages: Sequence[Tensor], late: list[Tensor], fusion: Fusion) -> Tensor:
    joined = keras.layers.Concatenate(name="intermediate_averages")(averages)
    roots = keras.layers.Activation(ops.sqrt, dtype="float32", name="intermediate_roots")(joined)
    name = "intermediate_projection"
    intermediate = _projected(roots, fusion.axes, name, "intermediate_unit")
    features = keras.layers.Concatenate(name="features")([intermediate, *late])
    return _projected(features, fusion.dimensions, "fusion_projection", "fusion_unit")


def _projected(features: Tensor, axes: int, projection: str, unit: str) -> Tensor:
    """Project and scale to unit length, in single precision."""
    projected = keras.layers.Dense(axes, dtype="float32", name=projection)(features)
    return keras.layers.UnitNormalization(dtype="float32", name=unit)(projected)
