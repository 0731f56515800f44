"""From face crops to unit vectors: the network, its weights file, and the embedder that runs it.

The network is folded Inception-v3 trunks side by side, the averages of the last block of each and
of an earlier one, and one projection. A vector is of unit length; the cosine of two says how alike
two faces are.
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

from models.compact import unpacked
from models.shipped import WEIGHTS
from models.trunk import lay_trunks, prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from models.layers import Layers, T
    from models.types import Vectors

    Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

EMBEDDING_FILE: Final = WEIGHTS / "embedding.safetensors"

AT_ONCE: Final = 2
"""Pictures that are embedded at once, as many as a face with its mirror image has."""


class WeightsError(Exception):
    """A weights file is missing or broken; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What is built: trunks that end at the blocks `cuts`, and a projection onto `dimensions` axes.

    The projection sees, of each trunk, the averages of the blocks `taps`, in which places count
    the more the nearer they are to the middle, and the plain one of the last block.
    """

    cuts: tuple[str, ...]
    dimensions: int
    taps: tuple[str, ...] = ()


def lay_embedding(layers: Layers[T], pixels: T, structure: Structure) -> T:
    """Lay the network: (n, side, side, 3) in -1 to 1 -> (n, dimensions) of unit length.

    Raises ValueError for a cut that can't be.
    """
    blocks = lay_trunks(layers, pixels, structure.cuts)
    averages: list[T] = []
    for trunk, cut in enumerate(structure.cuts):
        for block in (*structure.taps, cut):
            name = prefix_of(trunk) + block
            places = blocks[name]
            if block in structure.taps:  # overlapping squares: the rim is in fewer of them
                places = layers.average_pool(places, "valid", f"{name}_squares")
            averages.append(layers.average(places, f"{name}_average"))
    pooled = layers.concatenate(averages, "pooled")
    return layers.unit(layers.dense(pooled, structure.dimensions, "projection"), "unit")


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
    structure = Structure(tuple(given["cuts"]), given["dimensions"], tuple(given["taps"]))
    return Settings(structure, given["side"], given["mirrored"])


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
        from models.lite import LiteLayers, LiteNetwork  # who only trains may lack LiteRT

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
