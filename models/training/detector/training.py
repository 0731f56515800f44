"""Trains the learned detector's network (`models.training.detector.network`) and exports it.

Loss: Li et al., "Generalized Focal Loss" (2020), on the heat map: the cross entropy with a soft
target, weighted by the squared distance from it; and the absolute error of log side and offset
where a box is learned. AdamW with a cosine that falls to zero, gradients clipped, averaged
weights. The first layers stay as they start. One seed decides every picture drawn, whatever the
number of workers.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false, reportOptionalOperand=false, reportOptionalMemberAccess=false

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.detection.learned import DETECTOR_FILE
from models.session import normalised
from models.training.detector.data import load_pictures, read_box_file, read_files
from models.training.detector.mix import draw_example
from models.training.detector.network import build_heat_map_network
from models.training.detector.targets import targets
from models.training.export import export_detector, load_detector
from models.training.loop import train_on
from models.training.quiet_keras import keras, ops
from models.training.start import BATCH_NORM_EPSILON, StartError, read_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.detector.data import DetectorPictures

BOXES: Final = Path(__file__).with_name("boxes.csv")
"""Heads of the posts that train, looked at by hand; files below the data folder."""

TEST_BOXES: Final = Path(__file__).with_name("test_boxes.csv")
"""Heads of the posts that test; neither they nor crops of them train."""

VALIDATION: Final = Path(__file__).with_name("validation.csv")
"""Posts of `BOXES` that thresholds, rules and runs are chosen on."""

MOBILENET_FOLDER: Final = "package/dist/models/mobilenet_v2"
SCORE_LOSS_WEIGHT: Final = 6.0
BOX_LOSS_WEIGHT: Final = 2.0


@dataclass(frozen=True, slots=True)
class DetectorRun:
    """How a detector is trained in one run.

    `side`: of the pictures drawn, in pixels. `frozen_until`: layers before the first whose name
    starts so stay as they start. `average`: decay of the averaged weights, which are kept.
    `round`: steps between checkpoints. `hold_out`: without the posts of `VALIDATION`.
    """

    steps: int = 600
    batch: int = 16
    side: int = 192
    rate: float = 8e-4
    weight_decay: float = 1e-4
    average: float = 0.995
    frozen_until: str = "block_3"
    seed: int = 7
    round: int = 50
    workers: int = 2
    hold_out: bool = True


FURTHER: Final = (
    DetectorRun(steps=1200, rate=6e-4, frozen_until="block_6", seed=9),
    DetectorRun(steps=800, side=256, rate=3e-4, seed=10),
    DetectorRun(steps=400, side=224, rate=2e-4, seed=11, hold_out=False),
)
"""How finished weights are trained further; the last run has the posts that chose, too."""

RUNS: Final = (
    DetectorRun(),
    DetectorRun(steps=420, rate=1.5e-3, average=0.99, frozen_until="lateral", seed=8),
    *FURTHER,
)
"""First nearly the whole network, then, at half the time a step, what is new in it; then further.
"""


class _Batches:
    """Draws batch `index` of a run; the same for the same seed and index."""

    def __init__(self, pictures: DetectorPictures, run: DetectorRun, first: int) -> None:
        self.pictures, self.run, self.first = pictures, run, first

    def __len__(self) -> int:
        return self.run.steps - self.first

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        drawn, wanted = [], []
        for item in range(self.run.batch):
            random = np.random.default_rng((self.run.seed, self.first + index, item))
            pixels, heads = draw_example(self.pictures, self.run.side, random)
            drawn.append(pixels)
            wanted.append(targets(heads, self.run.side))
        return normalised(np.stack(drawn)), np.stack(wanted)


def heat_map_loss(target: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Return the loss of a batch, a scalar; `target` as `detector_mix.targets` makes it."""
    score, weight, box_weight = target[..., 0], target[..., 4], target[..., 5]
    logit = output[..., 0]
    distance = ops.square(score - ops.sigmoid(logit))
    entropy = score * ops.softplus(-logit) + (1 - score) * ops.softplus(logit)
    count = ops.maximum(ops.sum(score * weight), 1.0)
    heads = ops.maximum(ops.sum(box_weight), 1.0)
    error = ops.sum(ops.abs(target[..., 1:4] - output[..., 1:4]), axis=-1) * box_weight
    return (
        SCORE_LOSS_WEIGHT * ops.sum(distance * entropy * weight) / count
        + BOX_LOSS_WEIGHT * ops.sum(error) / heads
    )


def load_mobilenet(network: keras.Model, package: Path) -> None:
    """Start the backbone from the MobileNetV2 of the npm package nsfwjs (MIT), unpacked or not.

    Its batch norms are folded into the convolutions. Raises StartError.
    """
    tensors = read_start(package, MOBILENET_FOLDER)
    for layer in network.layers:
        if not layer.name.startswith(("Conv1", "expanded_conv", "block_")):
            continue
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        norm = "bn_Conv1" if layer.name == "Conv1" else f"{layer.name}_BN"
        try:
            kernel = tensors[f"{layer.name}/{'depthwise_kernel' if depthwise else 'kernel'}"]
            scale = 1 / np.sqrt(tensors[f"{norm}/moving_variance"] + BATCH_NORM_EPSILON)
            scale = scale * tensors.get(f"{norm}/gamma", np.float32(1))
            bias = tensors[f"{norm}/beta"] - tensors[f"{norm}/moving_mean"] * scale
            layer.set_weights([kernel * (scale[:, None] if depthwise else scale), bias])
        except (KeyError, ValueError) as error:
            raise StartError(f"the starting weights don't fit {layer.name}: {error}") from error


class _Log:
    """Shows progress, writes a JSON line a round and a checkpoint to go on from."""

    def __init__(self, run: DetectorRun, folder: Path, first: int) -> None:
        self.run, self.folder, self.step = run, folder, first
        self.started = time.monotonic()
        self.losses: list[float] = []
        self.progress = Progress(
            TextColumn("detector"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
        )
        self.task = self.progress.add_task("", total=run.steps, completed=first, loss=0.0)

    def add(self, network: keras.Model, loss: float) -> None:
        """Note a step's loss; now and then also on disk."""
        self.step += 1
        self.losses.append(loss)
        self.progress.update(self.task, completed=self.step, loss=loss)
        if self.step % self.run.round and self.step != self.run.steps:
            return
        line = {
            "step": self.step,
            "loss": round(float(np.mean(self.losses)), 4),
            "seconds": round(time.monotonic() - self.started, 1),
        }
        self.losses.clear()
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        checkpoint = self.folder / "checkpoint.keras"
        network.save(checkpoint.with_suffix(".new.keras"))
        checkpoint.with_suffix(".new.keras").replace(checkpoint)
        (self.folder / "checkpoint.json").write_text(json.dumps(asdict(self.run) | line))


def train_detector(
    data: Path,
    out: Path,
    *,
    start: Path,
    runs: Sequence[DetectorRun] | None = None,
    boxes: Path = BOXES,
    test_boxes: Path = TEST_BOXES,
) -> Path:
    """Train on `data` in one run after another; return `out/detector.tflite`.

    Each run has a folder in `out` with `log.jsonl` and checkpoints; one that was broken off goes on
    where its last checkpoint was written. `start` is the nsfwjs package, unpacked or not, or a
    .tflite file of finished weights: `runs` are, unless given, `RUNS` from the one and `FURTHER`
    from the other. Pictures that can't be read are listed in `skipped.txt`. Neither the posts of
    `test_boxes` nor crops of them train.

    Raises StartError or DatasetError: the start doesn't fit, or `data` holds nothing to learn from.
    """
    kept = read_box_file(test_boxes)
    pictures = load_pictures(
        data,
        read_box_file(boxes),
        {f"posts/{name}": heads for name, heads in kept.items()},
        read_files(VALIDATION),
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "skipped.txt").write_text("".join(f"{name}\n" for name in pictures.skipped))
    if runs is None:
        runs = FURTHER if start.suffix == DETECTOR_FILE.suffix else RUNS
    for number, run in enumerate(runs, 1):
        drawn_from = pictures.trusted() if run.hold_out else pictures
        start = _trained(drawn_from, out / f"run_{number}", start, run)
    return Path(shutil.copy(start, out / DETECTOR_FILE.name))


def _trained(pictures: DetectorPictures, folder: Path, start: Path, run: DetectorRun) -> Path:
    """Do one run, or what is left of it; return its weights' file."""
    keras.utils.set_random_seed(run.seed)
    folder.mkdir(parents=True, exist_ok=True)
    network, first = _resumed(folder, run)
    if network is None:
        network = _started(start, run)
    if first < run.steps:
        log = _Log(run, folder, first)
        with log.progress:
            for metrics in train_on(network, _Batches(pictures, run, first), threads=run.workers):
                log.add(network, float(metrics["loss"]))
    network.optimizer.finalize_variable_values(network.trainable_variables)
    path = folder / DETECTOR_FILE.name
    finished = build_heat_map_network()  # of open size
    finished.set_weights(network.get_weights())
    export_detector(finished, path)
    return path


def _started(start: Path, run: DetectorRun) -> keras.Model:
    """Return the network at its start, compiled."""
    network = build_heat_map_network(run.side, run.side)
    if start.suffix == DETECTOR_FILE.suffix:
        load_detector(network, start)
    else:
        load_mobilenet(network, start)
    for layer in network.layers:
        if layer.name.startswith(f"{run.frozen_until}_"):
            break
        layer.trainable = False
    warm_up = min(60, run.steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        run.rate * 0.05, run.steps - warm_up, 0.01, warmup_target=run.rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=run.weight_decay,
        global_clipnorm=5.0,
        use_ema=True,
        ema_momentum=run.average,
    )
    network.compile(optimizer, heat_map_loss, jit_compile=False)
    return network


def _resumed(out: Path, run: DetectorRun) -> tuple[keras.Model | None, int]:
    """Return the checkpoint of this very run and the step it was written at, if there is one."""
    note = out / "checkpoint.json"
    if not note.is_file() or not (out / "checkpoint.keras").is_file():
        return None, 0
    found = json.loads(note.read_text())
    if {key: found.get(key) for key in asdict(run)} != asdict(run):
        return None, 0
    network = keras.saving.load_model(
        out / "checkpoint.keras", custom_objects={"heat_map_loss": heat_map_loss}
    )
    return network, int(found["step"])
