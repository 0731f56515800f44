"""How others, and we, do what a bot does with a picture, or run our network: one way a process.

    python -m benchmarks.methods.peer_ways WAY [ARGUMENT...]

`benchmarks.peers` starts each way in the environment that has its packages, so nothing but the
standard library is imported until a way is chosen. Each line on the standard input is a file; the
way works on it, and prints a line of JSON: how many faces it had, and the seconds by the clock and
of the processors, its children's included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Way = Callable[[str], int]
    """A file in, how many faces it had out."""

INCEPTION_SIDE: Final = 299
CASCADE: Final = """
import sys, cv2
grey = cv2.equalizeHist(cv2.imread(sys.argv[2], cv2.IMREAD_GRAYSCALE))
found = cv2.CascadeClassifier(sys.argv[1]).detectMultiScale(
    grey, scaleFactor=1.1, minNeighbors=5, minSize=(24, 24))
for box in found:
    print(*box)
"""
"""One pass, with the arguments that the cascade's own page gives."""


def moedex() -> Way:
    """Every stage of an answer: decoded, faces found, cropped, embedded, named."""
    from models.identify import Identifier
    from models.images.decoding import decode

    identifier = Identifier.load()

    def way(file: str) -> int:
        path = Path(file)
        return len(identifier.identify(decode(path.read_bytes(), path.name)))

    return way


def moedex_detector() -> Way:
    """Faces found alone, by our detector."""
    from models.detection.registry import load_detector
    from models.images.decoding import decode

    detector = load_detector()

    def way(file: str) -> int:
        path = Path(file)
        return len(detector.detect(decode(path.read_bytes(), path.name).frames[0]))

    return way


def successor(cascade: str) -> Way:
    """The article's successor: a process for each picture's cascade, and `Model.predict` a face."""
    import numpy as np

    model = _inception()

    def way(file: str) -> int:
        told = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", CASCADE, cascade, file],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        boxes = [tuple(map(int, line.split())) for line in told.stdout.splitlines()]
        for crop in _crops(file, boxes):
            model.predict(crop[None].astype(np.float32) / 127.5 - 1, verbose=0)
        return len(boxes)

    return way


def tensorflow(cascade: str) -> Way:
    """Plain TensorFlow: the cascade in the same process, a compiled call a face."""
    import cv2
    import numpy as np
    import tensorflow as tf

    model, finder = _inception(), cv2.CascadeClassifier(cascade)
    call = tf.function(lambda crop: model(crop, training=False))

    def way(file: str) -> int:
        grey = cv2.imread(file, cv2.IMREAD_GRAYSCALE)
        if grey is None:
            return 0
        boxes = finder.detectMultiScale(
            cv2.equalizeHist(grey), scaleFactor=1.1, minNeighbors=5, minSize=(24, 24)
        )
        for crop in _crops(file, boxes):
            call(tf.constant(crop[None].astype(np.float32) / 127.5 - 1)).numpy()
        return len(boxes)

    return way


def animeface() -> Way:
    """Faces found alone, by nagadomi's animeface-2009."""
    import animeface as package  # pyright: ignore[reportMissingImports]
    from PIL import Image

    def way(file: str) -> int:
        with Image.open(file) as picture:
            return len(package.detect(picture.convert("RGB")))

    return way


def litert(network: str, kept: str, threads: str) -> Way:
    """Our network by LiteRT, as the bot runs it; a file is a batch, its vectors go to `kept`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(network, num_threads=int(threads))
    (first,), (last,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(batch: Any) -> Any:
        if tuple(interpreter.get_input_details()[0]["shape"]) != batch.shape:
            interpreter.resize_tensor_input(first["index"], batch.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(first["index"], batch)
        interpreter.invoke()
        return interpreter.get_tensor(last["index"])

    return _by_batch(run, kept)


def openvino(network: str, kept: str, threads: str) -> Way:
    """Our network by OpenVINO, which reads the same file."""
    import numpy as np
    import openvino as ov  # pyright: ignore[reportMissingImports]

    core = ov.Core()
    model = core.read_model(network)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": int(threads)})
    request = compiled.create_infer_request()
    return _by_batch(lambda batch: np.asarray(request.infer([batch])[0]), kept)


def onnxruntime(network: str, kept: str, threads: str) -> Way:
    """Our network by ONNX Runtime, from a file that tf2onnx made of it."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(threads)
    session = ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return _by_batch(lambda batch: session.run(None, {name: batch})[0], kept)


def matrix_product(kind: str, threads: str) -> Way:
    """A product of square matrices by ONNX Runtime, of "int8" or "float32"; a file is the side."""
    import numpy as np
    import onnxruntime as ort
    from onnx import TensorProto, helper

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(threads)
    types: tuple[int, int, int] = (
        (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32)
        if kind == "int8"
        else (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.FLOAT)
    )
    values = [
        helper.make_tensor_value_info(name, each, ["n", "n"])
        for name, each in zip("abc", types, strict=True)
    ]
    node = helper.make_node("MatMulInteger" if kind == "int8" else "MatMul", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "product", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    rng = np.random.default_rng(0)
    made: dict[int, dict[str, Any]] = {}

    def way(side: str) -> int:
        size = int(side)
        if size not in made:
            a, b = rng.integers(0, 127, (2, size, size))
            pair = (np.uint8, np.int8) if kind == "int8" else (np.float32, np.float32)
            made[size] = {"a": a.astype(pair[0]), "b": b.astype(pair[1])}
        session.run(None, made[size])
        return 0

    return way


def _inception() -> Any:
    """All of Inception-v3. Its weights are drawn at random, as they change no time."""
    import keras

    return keras.applications.InceptionV3(weights=None, classes=1000)  # pyright: ignore[reportArgumentType]


def _crops(file: str, boxes: Any) -> list[Any]:
    import cv2

    picture = cv2.imread(file)
    if picture is None:
        return []
    return [
        cv2.resize(picture[y : y + h, x : x + w], (INCEPTION_SIDE, INCEPTION_SIDE))
        for x, y, w, h in boxes
    ]


def _by_batch(run: Callable[[Any], Any], kept: str) -> Way:
    import numpy as np

    def way(file: str) -> int:
        vectors = run(np.load(file))
        np.save(kept, vectors)
        return len(vectors)

    return way


WAYS: Final = {
    way.__name__: way
    for way in (
        moedex, moedex_detector, successor, tensorflow, animeface,
        litert, openvino, onnxruntime, matrix_product,
    )
}  # fmt: skip


def computed() -> float:
    """Seconds of the processors so far, of this process and of its children that ended."""
    of = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, of))


def main(name: str, *arguments: str) -> None:
    """Get ready, say so, and work on every file that is asked for."""
    way = WAYS[name](*arguments)
    print("{}", flush=True)
    for line in sys.stdin:
        clock, processors = time.perf_counter(), computed()
        faces = way(line.rstrip("\n"))
        told = {
            "faces": faces,
            "clock": time.perf_counter() - clock,
            "processors": computed() - processors,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
