"""Fine-tunes a trunk into an embedding, at growing picture sizes, with averaged weights.

One run: frozen features of the starting weights give the projection (whitened principal
components) and the class directions their start, where they are not those of a finished trunk; then
additive-margin softmax with AdamW, a cosine decay, and an exponential average of the weights, first
at a small side, then at a larger one. `models.training.blend` makes of it the embedding that is
used.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportFunctionMemberAccess=false

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.embedding.trunk import prefix_of
from models.gallery.gallery import unit
from models.training.augmentation import turned_hues, turns
from models.training.batches import BalancedBatches
from models.training.dataset import class_indices, labels_of
from models.training.loop import train_on
from models.training.margin import AdditiveMarginLoss, CosineClassifier
from models.training.networks import (
    build_embedding_network,
    load_network,
    load_start,
    save_embedding,
    weighted_layers,
)
from models.training.plan import rate_at
from models.training.precision import training_policy
from models.training.projections import whitening
from models.training.quiet_keras import keras
from models.training.start import read_start
from models.training.trained import (
    DIRECTIONS_FILE,
    TESTED_SIDE,
    TRAINED_FILE,
    embed_samples,
    save_directions,
    trained_directions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample
    from models.training.plan import BackbonePlan
    from models.types import Pixels, Vectors


CHECKPOINT_FILE: Final = "checkpoint.keras"


def train_backbone(
    samples: Sequence[Sample],
    folder: Path,
    plan: BackbonePlan,
    *,
    start: Path | None = None,
    trunk: int = 0,
    warm: Path | None = None,
    probe: Sequence[Sample] = (),
    report: Callable[[dict], None] | None = None,
) -> Path:
    """Train on `samples`; returns `folder`.

    `folder/trained.safetensors` is the network, `trained_directions` reads its class directions.

    `start`: the nsfwjs package (see `read_start`), or a finished embedding, whose trunk `trunk`
    (from 0) is the start.
    `warm`: the folder of a run to go on from instead; classes it has not got start from the
    mean of a few pictures. A run found in `folder` is resumed, one that is done is left as it is.
    `probe`: held-out samples whose accuracy is logged. `report` is called with each line that is
    written to `folder/log.jsonl`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _State.load(folder)
    if state.done:
        return folder
    with training_policy():
        keras.utils.set_random_seed(plan.seed)  # finding the policy draws, but only the first time
        if state.epoch:
            model = keras.models.load_model(folder / CHECKPOINT_FILE)
        else:
            (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1), encoding="utf-8")
            model = _fresh_model(samples, plan, start, trunk, warm)
            _compile(model, plan)
        _train(model, samples, folder, plan, state, probe=probe, report=report)
    state.done = True
    state.save(folder)
    (folder / CHECKPOINT_FILE).unlink()
    return folder


def is_finished(folder: Path) -> bool:
    """Whether `folder` holds a run that is done."""
    return _State.load(folder).done


def _train(
    model: keras.Model,
    samples: Sequence[Sample],
    folder: Path,
    plan: BackbonePlan,
    state: _State,
    *,
    probe: Sequence[Sample],
    report: Callable[[dict], None] | None,
) -> None:
    labels = labels_of(samples)
    numbers = class_indices(samples, labels)
    steps = plan.passes * len(samples) / plan.batch
    trainer = _Run(model, plan, state, folder, labels, steps, probe, report)
    largest = max(side for side, _ in plan.sides)
    pictures = [_cached(sample.pixels, largest) for sample in samples]
    end = 0.0
    for side, share in plan.sides:
        end += share
        if trainer.progress >= min(end, 0.999):
            continue
        batches = BalancedBatches(
            pictures,
            numbers,
            plan.augmentation,
            side=side,
            batch=plan.batch,
            steps=plan.steps_an_epoch,
            power=plan.power,
            turned=plan.turned,
            hues=plan.hues,
            seed=plan.seed,
        )
        trainer.train(batches, min(end, 1.0))
    trainer.export()


def _cached(pixels: Pixels, largest: int) -> Pixels:
    """Shrink what is far larger than training will see; augmenting it costs less then."""
    longer = max(pixels.shape[:2])
    scale = 1.25 * largest / longer
    if scale >= 1:
        return pixels
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _compile(model: keras.Model, plan: BackbonePlan) -> None:
    optimizer = keras.optimizers.AdamW(
        rate_at(plan, 0, 0),
        weight_decay=plan.decay,
        use_ema=True,
        ema_momentum=plan.average,
        global_clipnorm=5.0,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    loss = AdditiveMarginLoss(plan.margin, plan.scale, plan.smoothing)
    model.compile(optimizer, loss, metrics=["sparse_categorical_accuracy"], jit_compile=False)


def _fresh_model(
    samples: Sequence[Sample],
    plan: BackbonePlan,
    start: Path | None,
    trunk: int,
    warm: Path | None,
) -> keras.Model:
    labels = labels_of(samples)
    side = plan.sides[0][0]
    if warm is not None:
        network, _ = load_network(warm / TRAINED_FILE, side=0)
        known = trained_directions(warm)
        few = [i for label in labels if label not in known for i in _some(samples, label)]
        vectors = embed_samples(network, [samples[i] for i in few], side)
    else:
        network = build_embedding_network(None, plan.structure)
        known, few = {}, list(range(len(samples)))
        if start is not None and start.suffix == ".safetensors":
            _load_trunk(network, start, trunk)
            vectors = embed_samples(network, samples, side)
        else:
            if start is not None:
                load_start(network, read_start(start))
            vectors = _project(network, samples, plan)
    own = np.array([samples[i].label for i in few])
    means = [known[x] if x in known else vectors[own == x].mean(0) for x in labels]
    if plan.turned:
        means += _turned_means(network, samples, labels, plan.hues, side)
    frozen = True
    for layer in network.layers:
        layer.trainable = not frozen
        frozen = frozen and layer.name != plan.frozen
    classifier = CosineClassifier(len(means), dtype="float32", name="classes")
    model = keras.Model(network.input, classifier(network.output), name="classifier")
    directions = np.stack(means)
    classifier.set_weights([(directions / np.linalg.norm(directions, axis=1)[:, None]).T])
    return model


def _project(network: keras.Model, samples: Sequence[Sample], plan: BackbonePlan) -> Vectors:
    """Give the projection its start, whitened principal components; returns what it projects."""
    pooled = keras.Model(network.input, network.get_layer("pooled").output)
    features = embed_samples(pooled, samples, plan.sides[0][0])
    kernel, bias = whitening(features, plan.axes)
    network.get_layer("projection").set_weights([kernel, bias])
    return unit(features @ kernel + bias)


def _load_trunk(network: keras.Model, finished: Path, trunk: int) -> None:
    """Give a network the weights of trunk `trunk` of a finished embedding."""
    layers = {layer.name: layer for layer in weighted_layers(load_network(finished, side=0)[0])}
    for layer in weighted_layers(network):
        own = prefix_of(trunk) + layer.name
        layer.set_weights(layers[own if own in layers else layer.name].get_weights())


def _turned_means(
    network: keras.Model,
    samples: Sequence[Sample],
    labels: Sequence[str],
    hues: int,
    side: int,
) -> list[NDArray[np.float32]]:
    """Where the directions of the characters with turned hues start, in the order of their numbers.

    One that no picture can be turned into starts anywhere: it is never drawn.
    """
    rng = np.random.default_rng(0)
    means: list[NDArray[np.float32]] = []
    for degrees in turns(hues):
        turned = [
            replace(samples[i], pixels=pixels)
            for label in labels
            for i in _some(samples, label, 4)
            if (pixels := turned_hues(samples[i].pixels, degrees)) is not None
        ]
        vectors = embed_samples(network, turned, side)
        own = np.array([sample.label for sample in turned])
        for label in labels:
            found = vectors[own == label]
            anywhere = rng.standard_normal(vectors.shape[1]).astype(np.float32)
            means.append(found.mean(0) if len(found) else anywhere)
    return means


def _some(samples: Sequence[Sample], label: str, count: int = 12) -> list[int]:
    """The first few samples of a class; enough to start its direction from."""
    return [index for index, sample in enumerate(samples) if sample.label == label][:count]


@dataclass(slots=True)
class _State:
    """How far a run is; kept beside its checkpoint."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def load(cls, folder: Path) -> _State:
        path = folder / "state.json"
        return cls(**json.loads(path.read_text())) if path.is_file() else cls()

    def save(self, folder: Path) -> None:
        (folder / "state.json").write_text(json.dumps(asdict(self)), encoding="utf-8")


class _Run:
    """Sets the rate by progress, ends a phase on time, keeps checkpoints, the log and exports."""

    def __init__(
        self,
        model: keras.Model,
        plan: BackbonePlan,
        state: _State,
        folder: Path,
        labels: tuple[str, ...],
        total_steps: float,
        probe: Sequence[Sample],
        report: Callable[[dict], None] | None,
    ) -> None:
        self.plan, self.state, self.folder, self.labels = plan, state, folder, labels
        self.probe = [sample for sample in probe if sample.label in labels]
        self.report = report
        self.net = model
        self.total_steps = total_steps
        self._begun = time.monotonic()
        self._before = state.seconds

    @property
    def progress(self) -> float:
        """0 to 1, by the clock where the plan names minutes, else by steps."""
        if self.plan.minutes is not None:
            return self.state.seconds / (60 * self.plan.minutes)
        return self.state.step / self.total_steps

    def train(self, batches: BalancedBatches, end: float) -> None:
        """Train until the progress is `end`; then the averaged weights are the network's."""
        while self.progress < end:
            batches.epoch = self.state.epoch
            seen: list[dict] = []
            for metrics in train_on(self.net, batches):
                seen.append(metrics)
                self.state.step += 1
                self.state.seconds = self._before + time.monotonic() - self._begun
                self.net.optimizer.learning_rate = rate_at(
                    self.plan, min(self.progress, 1.0), self.state.step
                )
                if self.progress >= end:
                    break
            means = {name: float(np.mean([each[name] for each in seen])) for name in seen[0]}
            self._end_epoch(means, batches.side, last=self.progress >= end)
        self.net.optimizer.finalize_variable_values(self.net.trainable_variables)

    def _end_epoch(self, metrics: dict, side: int, *, last: bool) -> None:
        epoch = self.state.epoch
        self.state.epoch += 1
        unfinished = self.folder / "unfinished.keras"
        self.net.save(unfinished)
        unfinished.replace(self.folder / CHECKPOINT_FILE)
        line = {"epoch": epoch, "step": self.state.step, "seconds": round(self.state.seconds, 1)}
        line |= {"side": side, "progress": round(self.progress, 4)}
        line |= {name: round(value, 5) for name, value in metrics.items()}
        if epoch % 4 == 3 or last:
            line["held_out"] = self._averaged_probe(side)
        self.state.seconds = self._before + time.monotonic() - self._begun
        self.state.save(self.folder)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        if self.report is not None:
            self.report(line)

    def _averaged_probe(self, side: int) -> float | None:
        """Export the averaged weights, and their accuracy on the probe."""
        variables = self.net.trainable_variables
        kept = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
        self.net.optimizer.finalize_variable_values(variables)
        self.export()
        right = None
        if self.probe:
            cosines = embed_samples(self.net, self.probe, side)
            truth = class_indices(self.probe, self.labels)
            right = round(float((cosines.argmax(1) == truth).mean()), 4)
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
        return right

    def export(self) -> None:
        """Write the network, and the class directions beside it."""
        network = keras.Model(self.net.input, self.net.get_layer("unit").output)
        path = self.folder / TRAINED_FILE
        save_embedding(network, path, self.plan.structure, side=TESTED_SIDE, mirrored=True)
        directions = self.net.get_layer("classes").get_weights()[0].T
        own = dict(zip(self.labels, directions[: len(self.labels)], strict=True))
        save_directions(self.folder / DIRECTIONS_FILE, own)
