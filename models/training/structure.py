"""What an embedding network is made of, and what its layers are called; light, without Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CUTS: Final = ("mixed6", "mixed7", "mixed8")
"""Where a backbone may end: 768, 768 and 1280 channels, strides of 16, 16 and 32 pixels."""

SHARED: Final = "mixed0"
"""The last block that several backbones have in common: it and all before keep their start."""


def prefix_of(backbone: int) -> str:
    """What the layers' names of backbone `backbone` (from 0) begin with; nothing for the first."""
    return f"backbone{backbone + 1}_" if backbone else ""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How intermediate features join the late ones, which are the backbones' own vectors.

    Intermediate features: the averages of the blocks `taps` of each backbone, in which places
    count the more the nearer they are to the middle. Their square roots are projected onto `axes`.
    `dimensions`: of the fused vectors.
    """

    taps: tuple[str, ...]
    axes: int
    dimensions: int


@dataclass(frozen=True, slots=True)
class Structure:
    """Backbones that end at the blocks `cuts`, fused if there are several.

    The averages of a backbone's last block are projected onto `axes`: its late features. Where
    `taps` names blocks, as only one backbone may have, the square roots of their averages are.
    """

    cuts: tuple[str, ...]
    axes: int
    fusion: Fusion | None = None
    taps: tuple[str, ...] = ()

    @property
    def dimensions(self) -> int:
        """Of the vectors that the network gives."""
        return self.axes if self.fusion is None else self.fusion.dimensions

    @classmethod
    def of(cls, settings: dict) -> Structure:
        """Read what `dataclasses.asdict` made of a structure. Raises KeyError and TypeError."""
        fusion = settings["fusion"]
        if fusion is not None:
            fusion = Fusion(tuple(fusion["taps"]), fusion["axes"], fusion["dimensions"])
        taps = settings.get("taps", ())  # files of before December 2026 don't name any
        return cls(tuple(settings["cuts"]), settings["axes"], fusion, tuple(taps))
