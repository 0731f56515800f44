"""From face crops to unit vectors: the network, its weights file, and the embedder that runs it.

The network is folded Inception-v3 trunks side by side. Each gives a vector of its last block; what
their earlier blocks see gives another; a blend of these is what is used. A vector is of unit
length; the cosine of two says how alike two faces are.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError, safe_open

from models.embedding.compact import unpacked
from models.embedding.trunk import lay_trunks, prefix_of
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from models.embedding.layers import Layers, T
    from models.types import Vectors

    Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

EMBEDDING_FILE: Final = WEIGHTS / "embedding.safetensors"

AT_ONCE: Final = 2
"""Pictures that are embedded at once, as many as a face with its mirror image has."""


class WeightsError(Exception):
    """A weights file is missing or broken; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Blend:
    """What is blended with the trunks' own vectors: the averages of the blocks `taps` of each.

    Places count the more the nearer they are to the middle; the square roots of all averages are
    projected onto `axes`. `dimensions`: of the blended vectors.
    """

    taps: tuple[str, ...]
    axes: int
    dimensions: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What is built: trunks that end at the blocks `cuts`, blended if there are several.

    The averages of a trunk's last block are projected onto `axes`, which is its own vector.
    """

    cuts: tuple[str, ...]
    axes: int
    blend: Blend | None = None

    @property
    def dimensions(self) -> int:
        """Of the vectors that the network gives."""
        return self.axes if self.blend is None else self.blend.dimensions


def lay_embedding(layers: Layers[T], pixels: T, structure: Structure) -> T:
    """Lay the network: (n, side, side, 3) in -1 to 1 -> (n, dimensions) of unit length.

    Raises ValueError for a cut that can't be, and for several trunks without a blend.
    """
    blocks = lay_trunks(layers, pixels, structure.cuts)
    prefixes = [prefix_of(trunk) for trunk in range(len(structure.cuts))]
    own: list[T] = []
    for prefix, cut in zip(prefixes, structure.cuts, strict=True):
        pooled = layers.average(blocks[prefix + cut], f"{prefix}pooled")
        projected = layers.dense(pooled, structure.axes, f"{prefix}projection")
        own.append(layers.unit(projected, f"{prefix}unit"))
    blend = structure.blend
    if blend is None:
        if len(own) > 1:
            raise ValueError("several trunks need a blend")
        return own[0]
    averages: list[T] = []
    for name in (prefix + tap for prefix in prefixes for tap in blend.taps):
        # the average of overlapping squares: the rim is in fewer of them
        squares = layers.average_pool(blocks[name], "valid", f"{name}_squares")
        averages.append(layers.average(squares, f"{name}_average"))
    early = layers.root(layers.concatenate(averages, "averages"), "early")
    early = layers.unit(layers.dense(early, blend.axes, "early_projection"), "early_unit")
    together = layers.concatenate([early, *own], "together")
    return layers.unit(layers.dense(together, blend.dimensions, "blend"), "blended")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a weights file says of itself beside its weights: see `Embedder` and `Structure`."""

    structure: Structure
    side: int
    mirrored: bool


def read_settings(path: Path) -> Settings:
    """Read what a weights file says of itself. Raises WeightsError."""
    with opened(path) as file:
        return settings_in(file)


@contextmanager
def opened(
    path: Path, whose: str = "the embedding's", trained_as: str = "all"
) -> Iterator[safe_open]:
    """Open a weights file. Raises WeightsError, also for what is found wrong while it is open.

    `whose` weights they are, and what `moedex train` calls them, is for the error's text.
    """
    try:
        with safe_open(path, "numpy") as file:
            yield file
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{whose} weights {path} can't be read ({error}); "
            f"reinstall Moedex or run `moedex train {trained_as}`"
        ) from error


def settings_in(file: safe_open) -> Settings:
    """What an open weights file says of itself."""
    given = json.loads(file.metadata()["moedex"])
    blend = given.get("blend")
    if blend is not None:
        blend = Blend(tuple(blend["taps"]), blend["axes"], blend["dimensions"])
    axes = given["axes"] if "axes" in given else given["dimensions"]  # so called in former files
    return Settings(Structure(tuple(given["cuts"]), axes, blend), given["side"], given["mirrored"])


def version_of(path: Path | None = None) -> str:
    """Return what vectors of a weights file (default: the shipped one) are bound to.

    The first twelve digits of the file's SHA-256; nothing is loaded. Raises WeightsError.
    """
    file = path or EMBEDDING_FILE
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise WeightsError(f"the embedding's weights {file} can't be read ({error})") from error


class Embedder:
    """Face crops in, unit vectors out. Safe to share between threads.

    `side`: pixels of the square crops. `dimensions`: length of a vector. `mirrored`: whether a
    vector is the mean of those of the crop and of its mirror image. `version`: the first twelve
    digits of the SHA-256 of the weights file; vectors of two versions don't compare.
    """

    def __init__(self, run: Run, settings: Settings, *, mirrored: bool, version: str) -> None:
        self.side = settings.side
        self.dimensions = settings.structure.dimensions
        self.version = version
        self.mirrored = mirrored
        self._run = run

    @classmethod
    def load(
        cls, path: Path | None = None, *, mirrored: bool | None = None, integers: bool = True
    ) -> Embedder:
        """Load the shipped weights, or those of `path`. Raises WeightsError.

        `mirrored` overrides whether each crop's mirrored copy is averaged in. `integers` False
        computes in single precision, which takes longer and names no better.
        """
        from models.embedding.lite import LiteLayers, LiteNetwork  # who only trains may lack LiteRT

        file = path or EMBEDDING_FILE
        with opened(file) as weights:
            settings = settings_in(weights)
            layers = LiteLayers(partial(unpacked, weights), integers=integers)
            pixels = layers.pixels(settings.side, settings.side)
            network = layers.finished(pixels, lay_embedding(layers, pixels, settings.structure))
        both = settings.mirrored if mirrored is None else mirrored
        return cls(LiteNetwork(network), settings, mirrored=both, version=version_of(file))

    def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        """Embed crops, (n, side, side, 3) uint8 RGB; returns (n, dimensions) float32, unit length.

        Raises ValueError for another shape.
        """
        if crops.ndim != 4 or crops.shape[1:] != (self.side, self.side, 3):
            raise ValueError(f"crops must be (n, {self.side}, {self.side}, 3), not {crops.shape}")
        if len(crops) == 0:
            return np.empty((0, self.dimensions), np.float32)
        if not self.mirrored:
            return self._vectors(crops)
        seen = self._vectors(np.concatenate([crops, crops[:, :, ::-1]]))
        vectors = seen[: len(crops)] + seen[len(crops) :]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def warm_up(self) -> None:
        """Run the network once, so that the first answer is quick."""
        self.embed(np.zeros((1, self.side, self.side, 3), np.uint8))

    def _vectors(self, crops: NDArray[np.uint8]) -> Vectors:
        parts: list[Vectors] = []
        for start in range(0, len(crops), AT_ONCE):
            batch = crops[start : start + AT_ONCE].astype(np.float32)
            batch /= 127.5
            batch -= 1
            parts.append(self._run(batch))
        return np.concatenate(parts)
