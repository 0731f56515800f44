"""Others' ways beside ours on the same pictures, in one run, as ratios; and our share of the peak.

    python -m venv ../runtimes
    ../runtimes/bin/pip install ai-edge-litert numpy onnx onnxruntime openvino
    python -m venv ../animeface && ../animeface/bin/pip install animeface "pillow<11"
    pip install tf2onnx
    python -m benchmarks.peers --data ../shared/data/posts --runtimes ../runtimes/bin/python \
        --animeface ../animeface/bin/python --docs docs/performance.md

Each way is a process of its own (`benchmarks.methods.peer_ways`). They get every picture in turn,
and only one has something to do at a time, so what else the machine does falls on all alike. What
is compared is processor time. Nothing counts until each has had one picture. The article's
successor and plain TensorFlow run all of Inception-v3, at 299 pixels a face. The network's
multiply-adds are those of its convolutions and products, as its file says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer
from ai_edge_litert.interpreter import Interpreter

from benchmarks.options import Docs
from benchmarks.statistics import machine, publish, table, today
from cascades import find_cascade
from models.embedding.embedder import EMBEDDING_FILE
from models.identify import Identifier
from models.images.decoding import PictureError, decode
from models.session import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BATCH: Final = 8
SIDE: Final = 1024
"""Of the matrices whose product is the measure of the machine."""
TITLES: Final = {
    "moedex": "Moedex, every stage",
    "successor": "the article's successor",
    "tensorflow": "plain TensorFlow, a face a call",
    "moedex_detector": "Moedex, detector",
    "animeface": "animeface-2009",
}


class Peer:
    """A way in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.told: list[dict[str, Any]] = []

    def line(self) -> dict[str, Any]:
        """Return what it says next. Raises RuntimeError: it ended."""
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self, file: Path | str, *, counts: bool = True) -> None:
        """Let it work on a file."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{file}\n")
            self._process.stdin.flush()
        told = self.line()
        if counts:
            self.told.append(told)

    @property
    def faces(self) -> int:
        """How many faces it had in all."""
        return sum(each["faces"] for each in self.told)

    def median_ms(self, of: str = "processors") -> float:
        """Milliseconds a file: of the "processors", or by the "clock"."""
        return 1000 * float(np.median([each[of] for each in self.told]))

    def total_ms(self, of: str = "processors") -> float:
        """Milliseconds in all."""
        return 1000 * sum(each[of] for each in self.told)


@contextmanager
def peer(python: Path | str, way: str, *arguments: object) -> Iterator[Peer]:
    """Start a way with the interpreter that has its packages, and wait until it is ready."""
    command = [str(python), "-m", "benchmarks.methods.peer_ways", way, *map(str, arguments)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        begun = Peer(process)
        begun.line()
        try:
            yield begun
        finally:
            if process.stdin is not None:
                process.stdin.close()


def in_turn(peers: Mapping[str, Peer], files: Sequence[Path | str]) -> None:
    """Let each work on every file, the others waiting; the first time does not count."""
    for each in peers.values():
        each.ask(files[0], counts=False)
    for number, file in enumerate(files):
        order = list(peers.values())
        for each in order[number % len(order) :] + order[: number % len(order)]:
            each.ask(file)


def whole_pictures(files: Sequence[Path], animeface: Path) -> str:
    """Measure every way to answer a picture, and every way to find faces."""
    cascade, ours = find_cascade(), sys.executable
    with ExitStack() as stack:
        peers = {
            "moedex": stack.enter_context(peer(ours, "moedex")),
            "successor": stack.enter_context(peer(ours, "successor", cascade)),
            "tensorflow": stack.enter_context(peer(ours, "tensorflow", cascade)),
            "moedex_detector": stack.enter_context(peer(ours, "moedex_detector")),
            "animeface": stack.enter_context(peer(animeface, "animeface")),
        }
        in_turn(peers, files)
    rows = []
    for name, found in peers.items():
        base = peers["moedex_detector" if name in ("moedex_detector", "animeface") else "moedex"]
        a_face = found.total_ms() / max(found.faces, 1)
        rows.append(
            [
                TITLES[name],
                f"{found.faces / len(files):.2f}",
                f"{found.median_ms():.0f}",
                f"{found.median_ms() / base.median_ms():.2f}",
                f"{a_face:.0f}",
                f"{a_face / (base.total_ms() / max(base.faces, 1)):.2f}",
            ]
        )
    head = ["way", "faces a picture", "processor ms a picture (median)", "beside ours"]
    return table([*head, "a face", "beside ours"], rows)


def batches_of(files: Sequence[Path], folder: Path) -> list[Path]:
    """Write the pictures' face crops as batches that the network takes."""
    identifier = Identifier.load()
    crops: list[Any] = []
    for path in files:
        picture = decode(path.read_bytes(), path.name)
        crops.extend(identifier.crops(picture, identifier.find(picture)))
    if len(crops) < BATCH:
        raise typer.BadParameter(f"these pictures show {len(crops)} faces, and {BATCH} are needed")
    paths = []
    for number in range(len(crops) // BATCH):
        paths.append(folder / f"{number}.npy")
        np.save(paths[-1], normalised(np.stack(crops[number * BATCH :][:BATCH])))
    return paths


def runtimes(files: Sequence[Path], python: Path, threads: int, rounds: int) -> tuple[str, str]:
    """Run our network by each runtime, beside matrix products; return both tables."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        converted = folder / "embedding.onnx"
        subprocess.run(  # noqa: S603 - a fixed command
            [sys.executable, "-m", "tf2onnx.convert", "--opset", "17", "--tflite",
             str(EMBEDDING_FILE), "--output", str(converted)],
            check=True, capture_output=True,
        )  # fmt: skip
        networks = {"litert": EMBEDDING_FILE, "openvino": EMBEDDING_FILE, "onnxruntime": converted}
        kept = {each: folder / f"{each}.vectors.npy" for each in networks}
        peers = {
            each: stack.enter_context(peer(python, each, network, kept[each], threads))
            for each, network in networks.items()
        }
        products = {
            each: stack.enter_context(peer(python, "matrix_product", each, threads))
            for each in ("int8", "float32")
        }
        batches = batches_of(files, folder)
        for _ in range(rounds):
            in_turn(peers, batches)
            in_turn(products, [str(SIDE)] * len(batches))
        vectors = {each: np.load(path) for each, path in kept.items()}
    face = {each: found.median_ms() / BATCH for each, found in peers.items()}
    rows = [
        [
            each,
            f"{ms:.1f}",
            f"{ms / face['litert']:.2f}",
            f"{peers[each].median_ms('clock') / BATCH:.1f}",
            f"{float((vectors[each] * vectors['litert']).sum(1).min()):.4f}",
        ]
        for each, ms in face.items()
    ]
    head = ["runtime", "processor ms a crop", "beside LiteRT", "clock ms", "least cosine"]
    done = multiply_adds() / 1e9
    peak = {each: SIDE**3 / 1e6 / found.median_ms() for each, found in products.items()}
    reached = 1000 * done / face["litert"]
    roofline = table(
        ["what", "billion multiply-adds a second of a core"],
        [
            ["int8 matrix product", f"{peak['int8']:.0f}"],
            ["float32 matrix product", f"{peak['float32']:.0f}"],
            [f"our network ({done:.2f} billion a crop), in a batch of {BATCH}", f"{reached:.0f}"],
            ["its share of the int8 peak", f"{100 * reached / peak['int8']:.0f} %"],
        ],
    )
    return table(head, rows), roofline


def multiply_adds() -> int:
    """Count those of one crop, as the network's file has its convolutions and products."""
    interpreter = Interpreter(str(EMBEDDING_FILE))
    interpreter.allocate_tensors()
    shapes = {each["index"]: each["shape"] for each in interpreter.get_tensor_details()}
    total = 0
    for operation in interpreter._get_ops_details():
        if operation["op_name"] not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            continue
        places = shapes[operation["outputs"][0]][1:3]
        weights = int(np.prod(shapes[operation["inputs"][1]]))
        convolved = operation["op_name"] != "FULLY_CONNECTED"
        total += weights * (int(np.prod(places)) if convolved else 1)
    return total


def pictures_of(folder: Path, count: int) -> list[Path]:
    """Return pictures that every way can read, evenly out of a folder."""
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in (".jpg", ".jpeg", ".png")]
    chosen: list[Path] = []
    for path in found[:: max(len(found) // (2 * count), 1)]:
        try:
            picture = decode(path.read_bytes(), path.name)
        except PictureError:
            continue
        if not picture.animated:
            chosen.append(path)
    return chosen[:count]


def main(
    data: Annotated[Path, typer.Option(help="The folder of posts.")],
    runtimes_python: Annotated[
        Path, typer.Option("--runtimes", help="The interpreter that has the runtimes.")
    ],
    animeface: Annotated[Path, typer.Option(help="The interpreter that has animeface.")],
    count: Annotated[int, typer.Option(help="Pictures.")] = 40,
    rounds: Annotated[int, typer.Option(help="How often each batch of faces is run.")] = 3,
    threads: Annotated[int, typer.Option(help="Threads of each runtime.")] = 1,
    docs: Docs = None,
) -> None:
    """Measure, print, and write the tables."""
    files = pictures_of(data, count)
    pictures = whole_pictures(files, animeface.absolute())
    networks, roofline = runtimes(files, runtimes_python.absolute(), threads, rounds)
    said = f"`python -m benchmarks.peers`; {machine()}; {today()}; {len(files)} pictures."
    publish("\n\n".join([said, pictures, networks, roofline]), docs, "peers")


if __name__ == "__main__":
    typer.run(main)
