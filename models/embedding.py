"""From face crops to unit vectors: the network, its weights file, and the embedder that runs it.

The network is the folded Inception-v3 trunk, its global average, and one projection. A vector is
of unit length; the cosine of two says how alike two faces are.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.graphs import one_graph
from models.lean_keras import keras
from models.precision import answering_policy
from models.shipped import WEIGHTS
from models.trunk import build_trunk

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from models.types import Vectors

EMBEDDING_FILE: Final = WEIGHTS / "embedding.safetensors"

LARGEST_BATCH: Final = 32
"""So many crops are embedded at once; more are embedded in turn, which bounds the memory."""


class WeightsError(Exception):
    """A weights file is missing or broken; the message says which and what to do."""


def build_embedding_network(side: int | None, cut: str, dimensions: int) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    `side` None leaves the size of the pictures open, as training at growing sizes needs it.
    """
    trunk = build_trunk(side, cut)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(trunk.output)
    projected = keras.layers.Dense(dimensions, dtype="float32", name="projection")(pooled)
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit")(projected)
    return keras.Model(trunk.input, unit, name="embedding")


def save_embedding(
    network: keras.Model, path: Path, *, side: int, cut: str, mirrored: bool, note: str = ""
) -> None:
    """Write the network in half precision, with what `Embedder` needs to rebuild it."""
    tensors: dict[str, NDArray[np.float16]] = {}
    dimensions = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            kernel, bias = layer.get_weights()
            tensors[f"{layer.name}/kernel"] = np.ascontiguousarray(kernel, np.float16)
            tensors[f"{layer.name}/bias"] = np.ascontiguousarray(bias, np.float16)
            dimensions = bias.shape[0]
    settings = {"side": side, "cut": cut, "dimensions": dimensions, "mirrored": mirrored}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"moedex": json.dumps(settings), "note": note})


def load_network(path: Path, side: int | None = None) -> tuple[keras.Model, dict]:
    """Rebuild a saved network; returns it with its settings.

    `side` 0 leaves the size open, None takes the file's. Raises WeightsError.
    """
    try:
        with safe_open(path, "numpy") as file:
            settings = json.loads(file.metadata()["moedex"])
            size = settings["side"] if side is None else side or None
            network = build_embedding_network(size, settings["cut"], settings["dimensions"])
            for layer in network.layers:
                if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
                    names = (f"{layer.name}/kernel", f"{layer.name}/bias")
                    layer.set_weights([file.get_tensor(n).astype(np.float32) for n in names])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"the embedding's weights {path} can't be read ({error}); "
            "reinstall Moedex or run `moedex train all`"
        ) from error
    return network, settings


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

    def __init__(self, network: keras.Model, *, mirrored: bool, version: str) -> None:
        self.side: int = network.input_shape[1]
        self.dimensions: int = network.output_shape[1]
        self.version = version
        self.mirrored = mirrored
        self._run = one_graph(network)

    @classmethod
    def load(cls, path: Path | None = None, *, mirrored: bool | None = None) -> Embedder:
        """Load the shipped weights, or those of `path`. Raises WeightsError.

        `mirrored` overrides whether each crop's mirrored copy is averaged in.
        """
        file = path or EMBEDDING_FILE
        with answering_policy():
            network, settings = load_network(file)
        version = version_of(file)
        both = settings["mirrored"] if mirrored is None else mirrored
        return cls(network, mirrored=both, version=version)

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
