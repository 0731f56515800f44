"""Networks that answer, run by LiteRT: laid from their weights, layer by layer, while they load.

Where kernels are bytes, what flows into a layer is brought to bytes as well, picture by picture
(LiteRT's "dynamic range" arithmetic): far quicker than single precision, and it names as well
(docs/accuracy.md, "Time"). The form of the file is LiteRT's schema, which its package brings.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from models.embedding.compact import in_bytes
from models.embedding.quiet import no_chatter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.embedding.layers import Activation, Padding

MOST_THREADS: Final = 4
"""A picture or two can't keep more busy."""

LEAST_WEIGHTS: Final = 1024
"""Kernels of fewer stay in single precision, as bringing their input to bytes costs more."""

ALIGNMENT: Final = 16
"""Bytes; LiteRT reads weights where they lie in the file."""

Ops = schema.BuiltinOperator

VERSIONS: Final = {Ops.CONV_2D: 5, Ops.FULLY_CONNECTED: 12}
"""Of the operators, where it is not the first: those that take kernels of bytes."""

_ACTIVATIONS: Final = {
    None: schema.ActivationFunctionType.NONE,
    "relu": schema.ActivationFunctionType.RELU,
    "relu6": schema.ActivationFunctionType.RELU6,
}
_PADDINGS: Final = {"same": schema.Padding.SAME, "valid": schema.Padding.VALID}
_TYPES: Final = {
    "float32": schema.TensorType.FLOAT32,
    "int32": schema.TensorType.INT32,
    "int8": schema.TensorType.INT8,
}


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows between layers: a tensor's number in the file, and its shape for one picture."""

    tensor: int
    shape: tuple[int, ...]


class LiteLayers:
    """Lays layers into a LiteRT file; `models.embedding.layers.Layers` says what each does."""

    def __init__(self, weights: Callable[[str], NDArray[np.float32]], *, integers: bool) -> None:
        """Take what returns weights by name, as Keras has them. `integers`: kernels as bytes.

        Methods raise ValueError for weights of another shape.
        """
        self._weights = weights
        self._integers = integers
        self._buffers: list[schema.BufferT] = [schema.BufferT()]  # the first is nobody's
        self._tensors: list[schema.TensorT] = []
        self._operators: list[schema.OperatorT] = []
        self._codes: list[int] = []

    def pixels(self, height: int, width: int) -> Flow:
        """Begin: (n, height, width, 3)."""
        return self._flow((1, height, width, 3))

    def conv(
        self,
        x: Flow,
        filters: int,
        kernel: int | tuple[int, int],
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu",
    ) -> Flow:
        """Convolve."""
        window = (kernel, kernel) if isinstance(kernel, int) else kernel
        options = schema.Conv2DOptionsT(
            padding=_PADDINGS[padding],
            strideW=stride,
            strideH=stride,
            fusedActivationFunction=_ACTIVATIONS[activation],
        )
        kernels, bias = self._weights_of(name, (*window, x.shape[-1], filters), filters)
        given = [x.tensor, self._kernels(kernels.transpose(3, 0, 1, 2)), bias]
        shape = (1, *_places(x, window, stride, padding), filters)
        return self._then(Ops.CONV_2D, given, shape, options)

    def depthwise(
        self,
        x: Flow,
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu6",
    ) -> Flow:
        """Convolve each channel for itself."""
        kernels, bias = self._weights_of(name, (3, 3, x.shape[-1], 1), x.shape[-1])
        return self._each_alone(x, kernels[None, ..., 0], bias, stride, padding, activation)

    def dense(self, x: Flow, units: int, name: str) -> Flow:
        """Project."""
        options = schema.FullyConnectedOptionsT(asymmetricQuantizeInputs=True)
        kernels, bias = self._weights_of(name, (x.shape[-1], units), units)
        given = [x.tensor, self._kernels(kernels.T), bias]
        return self._then(Ops.FULLY_CONNECTED, given, (1, units), options)

    def max_pool(self, x: Flow) -> Flow:
        """Take the largest of windows."""
        return self._pooled(Ops.MAX_POOL_2D, x, 2, "valid")

    def average_pool(self, x: Flow, padding: Padding, name: str | None = None) -> Flow:
        """Average windows."""
        return self._pooled(Ops.AVERAGE_POOL_2D, x, 1, padding)

    def average(self, x: Flow, name: str) -> Flow:
        """Average over all places."""
        axes = self._constant(np.array([1, 2], np.int32))
        options = schema.ReducerOptionsT(keepDims=False)
        return self._then(Ops.MEAN, [x.tensor, axes], (1, x.shape[-1]), options)

    def concatenate(self, parts: Sequence[Flow], name: str) -> Flow:
        """Put channels side by side."""
        return self._joined(parts, -1)

    def add(self, one: Flow, other: Flow) -> Flow:
        """Add two."""
        return self._then(Ops.ADD, [one.tensor, other.tensor], one.shape, schema.AddOptionsT())

    def pad_end(self, x: Flow) -> Flow:
        """Add a row and a column of noughts."""
        margins = self._constant(np.array([[0, 0], [0, 1], [0, 1], [0, 0]], np.int32))
        _, rows, columns, channels = x.shape
        shape = (1, rows + 1, columns + 1, channels)
        return self._then(Ops.PAD, [x.tensor, margins], shape, schema.PadOptionsT())

    def double(self, x: Flow) -> Flow:
        """Double height and width bilinearly, by operators that take every height and width."""
        for axis in (1, 2):
            edges = [self._slice(x, axis, place) for place in (0, -1)]
            x = self._joined([edges[0], x, edges[1]], axis)
        before, behind = np.array([0.25, 0.75, 0.0]), np.array([0.0, 0.75, 0.25])
        channels = x.shape[-1]
        bias = self._constant(np.zeros(channels, np.float32))
        corners: list[Flow] = []
        for vertical in (before, behind):
            for horizontal in (before, behind):
                window = np.outer(vertical, horizontal)[None, :, :, None]
                kernels = np.tile(window, channels).astype(np.float32)
                corners.append(self._each_alone(x, kernels, bias, 1, "valid", None))
        cells = self._joined(corners, -1)
        _, rows, columns, _ = cells.shape
        options = schema.DepthToSpaceOptionsT(blockSize=2)
        shape = (1, 2 * rows, 2 * columns, channels)
        return self._then(Ops.DEPTH_TO_SPACE, [cells.tensor], shape, options)

    def root(self, x: Flow, name: str) -> Flow:
        """Take square roots."""
        return self._then(Ops.SQRT, [x.tensor], x.shape)

    def unit(self, x: Flow, name: str) -> Flow:
        """Scale to unit length."""
        options = schema.L2NormOptionsT()
        return self._then(Ops.L2_NORMALIZATION, [x.tensor], x.shape, options)

    def finished(self, given: Flow, told: Flow) -> bytes:
        """The file of the network from `given` to `told`."""
        graph = schema.SubGraphT(
            tensors=self._tensors,
            inputs=[given.tensor],
            outputs=[told.tensor],
            operators=self._operators,
        )
        codes = [
            schema.OperatorCodeT(code, version=VERSIONS.get(code, 1), builtinCode=code)
            for code in self._codes
        ]
        model = schema.ModelT(3, codes, [graph], buffers=self._buffers)
        builder = flatbuffers.Builder(2**20)  # it grows
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _each_alone(
        self,
        x: Flow,
        kernels: NDArray[np.float32],
        bias: int,
        stride: int,
        padding: Padding,
        activation: Activation | None,
    ) -> Flow:
        """Convolve each channel with its own of `kernels`, (1, 3, 3, channels)."""
        options = schema.DepthwiseConv2DOptionsT(
            padding=_PADDINGS[padding],
            strideW=stride,
            strideH=stride,
            depthMultiplier=1,
            fusedActivationFunction=_ACTIVATIONS[activation],
        )
        shape = (1, *_places(x, (3, 3), stride, padding), x.shape[-1])
        given = [x.tensor, self._constant(kernels), bias]
        return self._then(Ops.DEPTHWISE_CONV_2D, given, shape, options)

    def _pooled(self, code: int, x: Flow, stride: int, padding: Padding) -> Flow:
        options = schema.Pool2DOptionsT(
            padding=_PADDINGS[padding],
            strideW=stride,
            strideH=stride,
            filterWidth=3,
            filterHeight=3,
        )
        shape = (1, *_places(x, (3, 3), stride, padding), x.shape[-1])
        return self._then(code, [x.tensor], shape, options)

    def _joined(self, parts: Sequence[Flow], axis: int) -> Flow:
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        options = schema.ConcatenationOptionsT(axis=axis)
        given = [part.tensor for part in parts]
        return self._then(Ops.CONCATENATION, given, tuple(shape), options)

    def _slice(self, x: Flow, axis: int, place: int) -> Flow:
        """Take what is at one place, 0 or -1, of an axis."""
        begin, end = np.zeros(4, np.int32), np.zeros(4, np.int32)
        begin[axis], end[axis] = place, 1
        others = 0b1111 & ~(1 << axis)
        options = schema.StridedSliceOptionsT(beginMask=others, endMask=0b1111 if place else others)
        bounds = [self._constant(each) for each in (begin, end, np.ones(4, np.int32))]
        shape = tuple(1 if index == axis else size for index, size in enumerate(x.shape))
        return self._then(Ops.STRIDED_SLICE, [x.tensor, *bounds], shape, options)

    def _then(
        self, code: int, given: Sequence[int], shape: tuple[int, ...], options: Any = None
    ) -> Flow:
        """Add an operator; `options` are its own of the schema, where it has some."""
        if code not in self._codes:
            self._codes.append(code)
        told = self._flow(shape)
        kind = "NONE" if options is None else type(options).__name__.removesuffix("T")
        self._operators.append(
            schema.OperatorT(
                self._codes.index(code),
                list(given),
                [told.tensor],
                getattr(schema.BuiltinOptions, kind),
                options,
            )
        )
        return told

    def _flow(self, shape: tuple[int, ...]) -> Flow:
        open_batch = [-1, *shape[1:]]
        self._tensors.append(schema.TensorT(list(shape), shapeSignature=open_batch))
        return Flow(len(self._tensors) - 1, shape)

    def _weights_of(
        self, name: str, shape: tuple[int, ...], outputs: int
    ) -> tuple[NDArray[np.float32], int]:
        """The kernels of a layer, which must have `shape`, and the constant that is its bias."""
        kernels, bias = self._weights(f"{name}/kernel"), self._weights(f"{name}/bias")
        if kernels.shape != shape or bias.shape != (outputs,):
            raise ValueError(f"{name} is of another shape: {kernels.shape}, not {shape}")
        return kernels, self._constant(bias)

    def _kernels(self, kernels: NDArray[np.float32]) -> int:
        """Add kernels, the outputs on their first axis, as bytes where that pays."""
        if not self._integers or kernels.size < LEAST_WEIGHTS:
            return self._constant(kernels)
        values, scale = in_bytes(kernels, 0)
        nought = np.zeros(len(scale), np.int64)
        scaled = schema.QuantizationParametersT(scale=scale.ravel(), zeroPoint=nought)
        return self._constant(values, scaled)

    def _constant(
        self, values: NDArray[Any], scaled: schema.QuantizationParametersT | None = None
    ) -> int:
        self._buffers.append(_Buffer(values.tobytes()))
        self._tensors.append(
            schema.TensorT(
                list(values.shape),
                _TYPES[values.dtype.name],
                len(self._buffers) - 1,
                quantization=scaled,
            )
        )
        return len(self._tensors) - 1


class _Buffer(schema.BufferT):
    """A buffer whose data are aligned, which the schema's Python does not see to."""

    def __init__(self, values: bytes) -> None:
        super().__init__()
        self._values = values

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802
        size = len(self._values)
        builder.StartVector(1, size, ALIGNMENT)
        builder.head -= size
        builder.Bytes[builder.head : builder.head + size] = self._values
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def _places(x: Flow, window: tuple[int, int], stride: int, padding: Padding) -> tuple[int, int]:
    """Rows and columns that a window stands on."""
    _, rows, columns, _ = x.shape
    if padding == "same":
        return -(-rows // stride), -(-columns // stride)
    return (rows - window[0]) // stride + 1, (columns - window[1]) // stride + 1


class LiteNetwork:
    """A network as a function: (n, height, width, 3) float32 -> (n, ...) float32.

    Threads may share it; they wait for each other.
    """

    def __init__(self, file: bytes) -> None:
        """Take a file of `LiteLayers`."""
        threads = min(os.cpu_count() or 1, MOST_THREADS)
        with no_chatter():
            self._interpreter = Interpreter(model_content=file, num_threads=threads)
            self._interpreter.allocate_tensors()
        self._given = self._interpreter.get_input_details()[0]["index"]
        self._told = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network over a batch of any length."""
        with self._lock:
            if batch.shape != self._shape:
                self._shape = ()  # should this fail, the next call begins anew
                self._interpreter.resize_tensor_input(self._given, batch.shape)
                self._interpreter.allocate_tensors()
                self._shape = batch.shape
            self._interpreter.set_tensor(self._given, batch)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._told)
