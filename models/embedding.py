"""From face crops to unit vectors: the network, its weights file, and the embedder that runs it.

The network is folded Inception-v3 trunks side by side, the averages of the last block of each and
of an earlier one, and one projection. A vector is of unit length; the cosine of two says how alike
two faces are.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.compact import packed, unpacked
from models.graphs import one_graph
from models.lean_keras import keras
from models.lite import LiteError, load_lite
from models.precision import answering_policy, has_fast_bfloat16
from models.shipped import WEIGHTS
from models.trunk import build_trunks, prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from models.graphs import Run
    from models.types import Vectors

log = logging.getLogger(__name__)

EMBEDDING_FILE: Final = WEIGHTS / "embedding.safetensors"

PARTS: Final = ("kernel", "bias")
"""The weights of a layer, in Keras's order."""

LARGEST_BATCH: Final = 32
"""So many crops are embedded at once; more are embedded in turn, which bounds the memory."""


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


def build_embedding_network(side: int | None, structure: Structure) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    `side` None leaves the size of the pictures open, as training at growing sizes needs it. The
    layer `pooled` gives what the projection sees, the averages in the order of the blocks.
    """
    trunks = build_trunks(side, structure.cuts)
    averages: list[keras.KerasTensor] = []
    for trunk, cut in enumerate(structure.cuts):
        for block in (*structure.taps, cut):
            name = prefix_of(trunk) + block
            places = trunks.get_layer(name).output
            if block in structure.taps:  # overlapping squares: the rim is in fewer of them
                places = keras.layers.AveragePooling2D(3, 1, name=f"{name}_squares")(places)
            averages.append(keras.layers.GlobalAveragePooling2D(name=f"{name}_average")(places))
    pooled = keras.layers.Concatenate(name="pooled")(averages)
    project = keras.layers.Dense(structure.dimensions, dtype="float32", name="projection")
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit")(project(pooled))
    return keras.Model(trunks.input, unit, name="embedding")


def weighted_layers(network: keras.Model) -> list[keras.Layer]:
    """The layers of an embedding network that have a kernel and a bias."""
    kinds = keras.layers.Conv2D | keras.layers.Dense
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def save_embedding(
    network: keras.Model, path: Path, structure: Structure, *, side: int, mirrored: bool
) -> None:
    """Write the network with what `Embedder` needs to rebuild it."""
    tensors: dict[str, NDArray[np.float32]] = {}
    for layer in weighted_layers(network):
        for part, weights in zip(PARTS, layer.get_weights(), strict=True):
            tensors[f"{layer.name}/{part}"] = np.asarray(weights, np.float32)
    settings = {"side": side, "mirrored": mirrored, **asdict(structure)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(packed(tensors), path, {"moedex": json.dumps(settings)})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a weights file says of itself beside its weights: see `Embedder` and `Structure`."""

    structure: Structure
    side: int
    mirrored: bool


def load_network(path: Path, side: int | None = None) -> tuple[keras.Model, Settings]:
    """Rebuild a saved network; returns it with its settings.

    `side` 0 leaves the size open, None takes the file's. Raises WeightsError.
    """
    with _opened(path) as file:
        settings = _settings(file)
        size = settings.side if side is None else side or None
        network = build_embedding_network(size, settings.structure)
        for layer in weighted_layers(network):
            layer.set_weights([unpacked(file, f"{layer.name}/{part}") for part in PARTS])
    return network, settings


def read_settings(path: Path) -> Settings:
    """Read what a weights file says of itself. Raises WeightsError."""
    with _opened(path) as file:
        return _settings(file)


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    try:
        with safe_open(path, "numpy") as file:
            yield file
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"the embedding's weights {path} can't be read ({error}); "
            "reinstall Moedex or run `moedex train all`"
        ) from error


def _settings(file: safe_open) -> Settings:
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
        cls,
        path: Path | None = None,
        *,
        mirrored: bool | None = None,
        answering: bool | None = None,
    ) -> Embedder:
        """Load the shipped weights, or those of `path`. Raises WeightsError.

        `mirrored` overrides whether each crop's mirrored copy is averaged in. `answering`, which
        the shipped ones are by default, runs them in integers where the processor has no bfloat16:
        quicker by far, but the first time on a machine they have to be converted.
        """
        file = path or EMBEDDING_FILE
        settings = read_settings(file)
        both = settings.mirrored if mirrored is None else mirrored
        quick = path is None if answering is None else answering
        run = _in_integers(file) if quick and not has_fast_bfloat16() else None
        if run is None:
            with answering_policy():
                run = one_graph(load_network(file)[0])
        return cls(run, settings, mirrored=both, version=version_of(file))

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
        """Run the graph once, so that the first answer is quick."""
        self.embed(np.zeros((1, self.side, self.side, 3), np.uint8))

    def _vectors(self, crops: NDArray[np.uint8]) -> Vectors:
        parts: list[Vectors] = []
        for start in range(0, len(crops), LARGEST_BATCH):
            batch = crops[start : start + LARGEST_BATCH].astype(np.float32)
            batch /= 127.5
            batch -= 1
            parts.append(self._run(batch))
        return np.concatenate(parts)


def _in_integers(file: Path) -> Run | None:
    """The network converted for LiteRT, or None where that can't be: then it is only slower."""
    if keras.config.backend() != "tensorflow":  # training may run on a machine that has none
        return None
    try:
        return load_lite(file)
    except LiteError as error:
        log.warning("Faces are embedded in single precision, which is slower: %s", error)
        return None
