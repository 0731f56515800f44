"""The backbone: Inception-v3 with its batch norms folded, in Keras.

Method: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2016). The
statistics of the batch norms stay frozen throughout, so each is an affine step that is folded into
the convolution before it: kernel / sqrt(variance + 1e-3), bias = beta - mean / sqrt(variance +
1e-3). The folded backbone computes the same as `keras.applications.InceptionV3`, in training too,
with a third of the layers.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from models.training.quiet_keras import keras
from models.training.start import StartError, folded
from models.training.structure import CUTS, SHARED, prefix_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Tensor = keras.KerasTensor
    Padding = Literal["same", "valid"]


def inception_blocks(pixels: Tensor, cuts: Sequence[str]) -> dict[str, Tensor]:
    """Build folded backbones, as many as there are `cuts`; return their blocks by name.

    They have the layers up to the block `SHARED` in common. `pixels`: (n, height, width, 3), -1 to
    1, 75 or more a side. Each backbone ends with the block where it is cut, one of `CUTS`. The
    names of a further backbone's own layers and blocks begin with `prefix_of` it. Raises ValueError
    for another cut.
    """
    for cut in cuts:
        if cut not in CUTS:
            raise ValueError(f"the backbone can be cut at {', '.join(CUTS)}, not at {cut!r}")
    stem = _Builder()
    x = stem.conv(pixels, 32, 3, 2, "valid")
    x = stem.conv(x, 32, 3, 1, "valid")
    x = stem.conv(x, 64, 3)
    x = _max_pool(x, "stem_max_pool_1")
    x = stem.conv(x, 80, 1, 1, "valid")
    x = stem.conv(x, 192, 3, 1, "valid")
    x = _max_pool(x, "stem_max_pool_2")
    x = stem.block35(x, 32, SHARED)
    for number, cut in enumerate(cuts):
        _Builder(prefix_of(number), stem.convolutions, stem.blocks).rest(x, cut)
    return stem.blocks


def build_backbones(side: int | None, cuts: Sequence[str]) -> keras.Model:
    """Build backbones with random weights; outputs: the blocks where they are cut.

    `side` None leaves the size of the pictures open. Raises ValueError for a cut that can't be, or
    a side below 75 pixels.
    """
    pixels = pixels_input(side)
    blocks = inception_blocks(pixels, cuts)
    ends = [blocks[prefix_of(number) + cut] for number, cut in enumerate(cuts)]
    return keras.Model(pixels, ends, name="backbones")


def pixels_input(side: int | None) -> Tensor:
    """Begin a network: (n, side, side, 3). Raises ValueError for a side below 75 pixels."""
    if side is not None and side < 75:
        raise ValueError(f"Inception-v3 needs pictures of 75 pixels or more, not {side}")
    return keras.Input((side, side, 3), name="pixels")


def load_start(backbone: keras.Model, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Load the tensors of `read_start` into a backbone. Raises StartError if they don't fit."""
    for layer in backbone.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        number = int(layer.name.rsplit("_", 1)[1])
        try:
            layer.set_weights(list(folded(tensors, number)))
        except (KeyError, ValueError) as error:
            raise StartError(f"the starting weights don't fit {layer.name}: {error}") from error


def _max_pool(x: Tensor, name: str) -> Tensor:
    return keras.layers.MaxPooling2D(3, 2, name=name)(x)


@dataclass
class _Builder:
    """Adds a backbone's convolutions in the order of Inception-v3's own numbering."""

    prefix: str = ""
    convolutions: int = 0
    blocks: dict[str, Tensor] = field(default_factory=dict)

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: Padding = "same",
    ) -> Tensor:
        """Add convolution, bias and ReLU."""
        self.convolutions += 1
        name = f"{self.prefix}conv_{self.convolutions:02d}"
        layer = keras.layers.Conv2D(filters, kernel, stride, padding, activation="relu", name=name)
        return layer(x)

    def rest(self, x: Tensor, cut: str) -> None:
        """Add what follows the block `SHARED`, up to the block `cut`."""
        for name in ("mixed1", "mixed2"):
            x = self.block35(x, 64, name)
        x = self._reduction17(x, "mixed3")
        for index, width in enumerate((128, 160, 160, 192), start=4):
            x = self._block17(x, width, f"mixed{index}")
            if cut == f"mixed{index}":
                return
        self._reduction8(x, "mixed8")

    def block35(self, x: Tensor, pooled_width: int, name: str) -> Tensor:
        """Add a block of the first kind; its places are 8 pixels apart."""
        single = self.conv(x, 64, 1)
        five = self.conv(self.conv(x, 48, 1), 64, 5)
        double = self.conv(self.conv(self.conv(x, 64, 1), 96, 3), 96, 3)
        return self._block([single, five, double, self._pooled(x, pooled_width, name)], name)

    def _reduction17(self, x: Tensor, name: str) -> Tensor:
        three = self.conv(x, 384, 3, 2, "valid")
        double = self.conv(self.conv(self.conv(x, 64, 1), 96, 3), 96, 3, 2, "valid")
        return self._block([three, double, _max_pool(x, f"{self.prefix}{name}_max_pool")], name)

    def _block17(self, x: Tensor, width: int, name: str) -> Tensor:
        single = self.conv(x, 192, 1)
        seven = self.conv(self.conv(self.conv(x, width, 1), width, (1, 7)), 192, (7, 1))
        double = self.conv(x, width, 1)
        for kernel in ((7, 1), (1, 7), (7, 1)):
            double = self.conv(double, width, kernel)
        double = self.conv(double, 192, (1, 7))
        return self._block([single, seven, double, self._pooled(x, 192, name)], name)

    def _reduction8(self, x: Tensor, name: str) -> Tensor:
        three = self.conv(self.conv(x, 192, 1), 320, 3, 2, "valid")
        seven = self.conv(self.conv(self.conv(x, 192, 1), 192, (1, 7)), 192, (7, 1))
        seven = self.conv(seven, 192, 3, 2, "valid")
        return self._block([three, seven, _max_pool(x, f"{self.prefix}{name}_max_pool")], name)

    def _pooled(self, x: Tensor, width: int, name: str) -> Tensor:
        pool = keras.layers.AveragePooling2D(3, 1, "same", name=f"{self.prefix}{name}_average_pool")
        return self.conv(pool(x), width, 1)

    def _block(self, parts: Sequence[Tensor], name: str) -> Tensor:
        block = keras.layers.Concatenate(name=self.prefix + name)(list(parts))
        self.blocks[self.prefix + name] = block
        return block
