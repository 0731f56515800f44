"""A run of backbone training: its state on disk, its log, its checkpoints and what it leaves."""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportFunctionMemberAccess=false

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.training.dataset import class_indices
from models.training.embedding_network import build_embedding_network, weighted_layers
from models.training.export import load_embedding
from models.training.loop import train_on
from models.training.plan import rate_at
from models.training.quiet_keras import keras
from models.training.structure import Structure, prefix_of
from models.training.trained import CLASS_WEIGHTS_FILE, embed_samples, save_class_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.training.batches import BalancedBatches
    from models.training.dataset import Sample
    from models.training.plan import BackbonePlan

CHECKPOINT_FILE: Final = "checkpoint.keras"
PLAN_FILE: Final = "plan.json"
TRAINED_FILE: Final = "trained.weights.h5"


def load_trained(folder: Path) -> tuple[keras.Model, Structure]:
    """Build the network, of open size, that a run left in `folder`."""
    structure = _structure_of(folder)
    network = build_embedding_network(None, structure)
    network.load_weights(folder / TRAINED_FILE)
    return network, structure


def load_backbone(network: keras.Model, finished: Path, backbone: int) -> None:
    """Give a network of one backbone the weights of backbone `backbone` of a finished embedding."""
    layers = {layer.name: layer for layer in weighted_layers(load_embedding(finished)[0])}
    for layer in weighted_layers(network):
        own = prefix_of(backbone) + layer.name
        layer.set_weights(layers[own if own in layers else layer.name].get_weights())


def save_backbone(folder: Path, finished: Path, backbone: int) -> None:
    """Give a run in `folder`, without weights, those of a backbone of a finished embedding."""
    network = build_embedding_network(None, _structure_of(folder))
    load_backbone(network, finished, backbone)
    network.save_weights(folder / TRAINED_FILE)


def _structure_of(folder: Path) -> Structure:
    plan = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    return Structure((plan["cut"],), plan["axes"])


def is_finished(folder: Path) -> bool:
    """Whether `folder` holds a run that is done."""
    return RunState.load(folder).done


def read_log(folder: Path) -> list[dict]:
    """The lines of a run's log, oldest first; empty where there is none."""
    path = folder / "log.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass(slots=True)
class RunState:
    """How far a run is; kept beside its checkpoint."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def load(cls, folder: Path) -> RunState:
        """The state of the run in `folder`; that of a new one where there is none."""
        path = folder / "state.json"
        return cls(**json.loads(path.read_text())) if path.is_file() else cls()

    def save(self, folder: Path) -> None:
        """Write it to `folder`."""
        (folder / "state.json").write_text(json.dumps(asdict(self)), encoding="utf-8")


class Run:
    """Sets the rate by progress, ends a phase on time, keeps checkpoints and the log.

    `probe`: held-out samples whose accuracy is logged now and then. `report` is called with each
    line of the log.
    """

    def __init__(
        self,
        model: keras.Model,
        plan: BackbonePlan,
        state: RunState,
        folder: Path,
        labels: tuple[str, ...],
        total_steps: float,
        probe: Sequence[Sample],
        report: Callable[[dict], None] | None,
    ) -> None:
        self.plan, self.state, self.folder, self.labels = plan, state, folder, labels
        self.probe = [sample for sample in probe if sample.label in labels]
        self.report = report
        self.model = model
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
            steps: list[dict] = []
            for metrics in train_on(self.model, batches):
                steps.append(metrics)
                self.state.step += 1
                self.state.seconds = self._before + time.monotonic() - self._begun
                self.model.optimizer.learning_rate = rate_at(
                    self.plan, min(self.progress, 1.0), self.state.step
                )
                if self.progress >= end:
                    break
            means = {name: float(np.mean([each[name] for each in steps])) for name in steps[0]}
            self._end_epoch(means, batches.side, last=self.progress >= end)
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)

    def save(self) -> None:
        """Write the network's weights, and the class weights beside them."""
        network = keras.Model(self.model.input, self.model.get_layer("unit").output)
        network.save_weights(self.folder / TRAINED_FILE)
        weights = self.model.get_layer("classes").get_weights()[0].T
        own = dict(zip(self.labels, weights[: len(self.labels)], strict=True))
        save_class_weights(self.folder / CLASS_WEIGHTS_FILE, own)

    def _end_epoch(self, metrics: dict, side: int, *, last: bool) -> None:
        epoch = self.state.epoch
        self.state.epoch += 1
        unfinished = self.folder / "unfinished.keras"
        self.model.save(unfinished)
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
        """Save the averaged weights, and return their accuracy on the probe."""
        variables = self.model.trainable_variables
        kept = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
        self.model.optimizer.finalize_variable_values(variables)
        self.save()
        right = None
        if self.probe:
            cosines = embed_samples(self.model, self.probe, side)
            truth = class_indices(self.probe, self.labels)
            right = round(float((cosines.argmax(1) == truth).mean()), 4)
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
        return right
