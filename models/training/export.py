"""Exports trained networks to LiteRT files (.tflite), and reads such files back to train further.

TensorFlow's own converter writes them. The embedding's kernels become int8, one scale for each
output channel; the detector's become float16 and are computed in single precision, as int8 is not
faster there and finds other boxes. Each file is checked against its network in Keras.

An embedding's file ends with a zip archive, as LiteRT's metadata allows: `STRUCTURE_FILE` in it is
what `models.training.structure` needs to build the network anew.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from models.quiet import no_chatter
from models.session import Session
from models.training.embedding_network import build_embedding_network, weighted_layers
from models.training.structure import Structure
from models.weight_files import readable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

STRUCTURE_FILE: Final = "structure.json"
CHECKED_SIDE: Final = 192
"""Side of the pictures that a network of open size is checked with, in pixels."""

MIN_COSINE: Final = 0.98
"""Between vectors of a network and of its file, over pictures of noise; faces are far closer."""

MAX_DIFFERENCE: Final = 0.05
"""Between cells of a heat map by a network and by its file."""


class ExportError(Exception):
    """An exported file does not compute what its network does; the message says how far it is."""


def export_embedding(
    network: keras.Model, path: Path, structure: Structure, *, int8: bool = True
) -> None:
    """Write an embedding network of one size, with int8 kernels or float32 ones.

    Raises ExportError.
    """
    _convert(network, path, tf.int8 if int8 else tf.float32)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo(STRUCTURE_FILE)  # of no date: the same network is the same file
        archive.writestr(entry, json.dumps(asdict(structure)))
    before, after = _both(network, path)
    cosine = float((before * after).sum(1).min())
    if cosine < MIN_COSINE:
        raise ExportError(f"{path}: vectors differ from the network's, cosine {cosine:.3f}")


def export_detector(network: keras.Model, path: Path) -> None:
    """Write the detector's network with float16 weights. Raises ExportError."""
    _convert(network, path, tf.float16)
    before, after = _both(network, path)
    difference = float(np.abs(before - after).max())
    if difference > MAX_DIFFERENCE:
        raise ExportError(f"{path}: the heat map differs from the network's by {difference:.3f}")


def read_structure(path: Path) -> Structure:
    """Read the structure of an exported embedding. Raises WeightsError."""
    with readable(path, "the embedding's", "all"):
        try:
            with zipfile.ZipFile(path) as archive:
                return Structure.of(json.loads(archive.read(STRUCTURE_FILE)))
        except zipfile.BadZipFile as error:
            raise ValueError(f"it holds no {STRUCTURE_FILE}") from error


def load_embedding(path: Path) -> tuple[keras.Model, Structure]:
    """Build the network of an exported embedding, of open size, in Keras. Raises WeightsError."""
    structure = read_structure(path)
    network = build_embedding_network(None, structure)
    with readable(path, "the embedding's", "all"):
        _load_weights(network, path)
    return network, structure


def load_detector(network: keras.Model, path: Path) -> None:
    """Give the detector's network the weights of an exported file. Raises WeightsError."""
    with readable(path, "the detector's", "detector"):
        _load_weights(network, path)


def _convert(network: keras.Model, path: Path, weights: tf.DType) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, no_chatter():
        network.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if weights != tf.float32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == tf.float16:
            converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())


def _both(network: keras.Model, path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a network and its file compute of two pictures of noise."""
    side = network.input_shape[1] or CHECKED_SIDE
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, side, side, 3)).astype(np.float32)
    session = Session(path, "the exported", "all", side=side)
    return np.asarray(network.predict_on_batch(pixels), np.float32), session(pixels)


def _load_weights(network: keras.Model, path: Path) -> None:
    """Raises ValueError: the file is of another network."""
    found = _weights_in(path)
    for layer in weighted_layers(network):
        if layer.name not in found:
            raise ValueError(f"it is of another network: it has no {layer.name}")
        kernel, bias = found[layer.name]
        layer.set_weights([kernel, np.zeros(layer.bias.shape) if bias is None else bias])


def _weights_in(path: Path) -> Mapping[str, tuple[NDArray[np.float32], NDArray | None]]:
    """The kernel and the bias of each layer, by its name, shaped as Keras has them."""
    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))
    graph = model.subgraphs[0]
    made_by = {operator.outputs[0]: operator for operator in graph.operators}
    operators = schema.BuiltinOperator

    def constant(index: int) -> tuple[str, NDArray[np.float32]]:
        if index in made_by:  # a float16 tensor is brought to float32 first
            index = made_by[index].inputs[0]
        tensor = graph.tensors[index]
        stored = {schema.TensorType.FLOAT16: np.float16, schema.TensorType.INT8: np.int8}
        data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
        values = data.view(stored.get(tensor.type, np.float32)).reshape(tensor.shape)
        values = values.astype(np.float32)
        if tensor.type == schema.TensorType.INT8:  # one scale for each output, on the first axis
            values *= tensor.quantization.scale.reshape(-1, *[1] * (values.ndim - 1))
        return tensor.name.decode(), values

    found: dict[str, tuple[NDArray[np.float32], NDArray | None]] = {}
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        if code not in (operators.CONV_2D, operators.DEPTHWISE_CONV_2D, operators.FULLY_CONNECTED):
            continue
        name, kernel = constant(operator.inputs[1])
        kernel = kernel.T if kernel.ndim == 2 else kernel.transpose(1, 2, 3, 0)
        bias = operator.inputs[2]
        # Its name in the graph that was exported is embedding_1/conv_01_1/convolution, or the
        # like; a kernel that belongs to no layer has no slash in its name.
        if "/" in name:
            layer = name.split("/")[1].removesuffix("_1")
            found[layer] = kernel, None if bias < 0 else constant(bias)[1]
    return found
