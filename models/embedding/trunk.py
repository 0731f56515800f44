"""The trunk: Inception-v3 with its batch norms folded.

Method: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2016). The
statistics of the batch norms stay frozen throughout, so each is an affine step that is folded into
the convolution before it: kernel / sqrt(variance + 1e-3), bias = beta - mean / sqrt(variance +
1e-3). The folded trunk computes the same as `keras.applications.InceptionV3`, in training too, with
a third of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic

from models.embedding.layers import T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.embedding.layers import Layers, Padding

CUTS: Final = ("mixed6", "mixed7", "mixed8")
"""Where a trunk may end: 768, 768 and 1280 channels, strides of 16, 16 and 32 pixels."""

SHARED: Final = "mixed0"
"""The last block that several trunks have in common: it and all before keep their start."""


def prefix_of(trunk: int) -> str:
    """What the names of the layers of trunk `trunk`, from 0, begin with; nothing for the first."""
    return f"trunk{trunk + 1}_" if trunk else ""


def lay_trunks(layers: Layers[T], pixels: T, cuts: Sequence[str]) -> dict[str, T]:
    """Lay folded trunks, as many as there are `cuts`, side by side; return their blocks by name.

    They have the layers up to the block `SHARED` in common. `pixels`: (n, height, width, 3), -1 to
    1, 75 or more a side. Each trunk ends with the block where it is cut, one of `CUTS`. The names
    of a further trunk's own layers and blocks begin with `prefix_of` it. Raises ValueError for
    another cut.
    """
    for cut in cuts:
        if cut not in CUTS:
            raise ValueError(f"the trunk can be cut at {', '.join(CUTS)}, not at {cut!r}")
    lay = _Numbered(layers, {}, "")
    x = lay.conv(pixels, 32, 3, 2, "valid")
    x = lay.conv(x, 32, 3, 1, "valid")
    x = lay.conv(x, 64, 3)
    x = layers.max_pool(x)
    x = lay.conv(x, 80, 1, 1, "valid")
    x = lay.conv(x, 192, 3, 1, "valid")
    x = layers.max_pool(x)
    x = lay.block35(x, 32, SHARED)
    for number, cut in enumerate(cuts):
        _Numbered(layers, lay.blocks, prefix_of(number), lay.laid).rest(x, cut)
    return lay.blocks


@dataclass
class _Numbered(Generic[T]):
    """Lays a trunk's convolutions in the order of Inception-v3's own numbering."""

    layers: Layers[T]
    blocks: dict[str, T]
    prefix: str
    laid: int = 0

    def conv(
        self,
        x: T,
        filters: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: Padding = "same",
    ) -> T:
        """Lay convolution, bias and ReLU."""
        self.laid += 1
        name = f"{self.prefix}conv_{self.laid:02d}"
        return self.layers.conv(x, filters, kernel, name, stride=stride, padding=padding)

    def rest(self, x: T, cut: str) -> None:
        """Lay what follows the block `SHARED`, up to the block `cut`."""
        for name in ("mixed1", "mixed2"):
            x = self.block35(x, 64, name)
        x = self._reduction17(x, "mixed3")
        for index, width in enumerate((128, 160, 160, 192), start=4):
            x = self._block17(x, width, f"mixed{index}")
            if cut == f"mixed{index}":
                return
        self._reduction8(x, "mixed8")

    def block35(self, x: T, pooled_width: int, name: str) -> T:
        """Lay a block of the first kind; its places are 8 pixels apart."""
        single = self.conv(x, 64, 1)
        five = self.conv(self.conv(x, 48, 1), 64, 5)
        double = self.conv(self.conv(self.conv(x, 64, 1), 96, 3), 96, 3)
        pooled = self.conv(self.layers.average_pool(x, "same"), pooled_width, 1)
        return self._block([single, five, double, pooled], name)

    def _reduction17(self, x: T, name: str) -> T:
        three = self.conv(x, 384, 3, 2, "valid")
        double = self.conv(self.conv(self.conv(x, 64, 1), 96, 3), 96, 3, 2, "valid")
        return self._block([three, double, self.layers.max_pool(x)], name)

    def _block17(self, x: T, width: int, name: str) -> T:
        single = self.conv(x, 192, 1)
        seven = self.conv(self.conv(self.conv(x, width, 1), width, (1, 7)), 192, (7, 1))
        double = self.conv(x, width, 1)
        for kernel in ((7, 1), (1, 7), (7, 1)):
            double = self.conv(double, width, kernel)
        double = self.conv(double, 192, (1, 7))
        pooled = self.conv(self.layers.average_pool(x, "same"), 192, 1)
        return self._block([single, seven, double, pooled], name)

    def _reduction8(self, x: T, name: str) -> T:
        three = self.conv(self.conv(x, 192, 1), 320, 3, 2, "valid")
        seven = self.conv(self.conv(self.conv(x, 192, 1), 192, (1, 7)), 192, (7, 1))
        seven = self.conv(seven, 192, 3, 2, "valid")
        return self._block([three, seven, self.layers.max_pool(x)], name)

    def _block(self, parts: Sequence[T], name: str) -> T:
        block = self.layers.concatenate(parts, self.prefix + name)
        self.blocks[self.prefix + name] = block
        return block
