"""Fine-tunes a backbone into an embedding, at growing picture sizes, with averaged weights.

One run: frozen features of the starting weights give the projection (whitened principal
components) and the class weights their start, where they are not those of a finished backbone; then
additive-margin softmax with AdamW, a cosine decay, and an exponential average of the weights, first
at a small side, then at a larger one. `models.training.fusion` joins backbones to an embedding.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportFunctionMemberAccess=false

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.batches import BalancedBatches
from models.training.dataset import class_indices, labels_of
from models.training.margin import AdditiveMarginLoss
from models.training.plan import rate_at
from models.training.precision import training_policy
from models.training.quiet_keras import keras
from models.training.runs import CHECKPOINT_FILE, PLAN_FILE, Run, RunState
from models.training.start_model import start_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.training.dataset import Sample
    from models.training.plan import BackbonePlan
    from models.types import Pixels


def train_backbone(
    samples: Sequence[Sample],
    folder: Path,
    plan: BackbonePlan,
    *,
    start: Path | None = None,
    backbone: int = 0,
    warm: Path | None = None,
    probe: Sequence[Sample] = (),
    report: Callable[[dict], None] | None = None,
) -> Path:
    """Train on `samples`; returns `folder`.

    `load_trained` reads the network that it leaves there, `trained_class_weights` the classifier's.

    `start`: the nsfwjs package (see `read_start`), or a finished embedding (.tflite), whose
    backbone `backbone` (from 0) is the start.
    `warm`: the folder of a run to go on from instead; classes it has not got start from the
    mean of a few pictures. A run found in `folder` is resumed, one that is done is left as it is.
    `probe`: held-out samples whose accuracy is logged. `report` is called with each line that is
    written to `folder/log.jsonl`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = RunState.load(folder)
    if state.done:
        return folder
    with training_policy():
        keras.utils.set_random_seed(plan.seed)  # finding the policy draws, but only the first time
        if state.epoch:
            model = keras.models.load_model(folder / CHECKPOINT_FILE)
        else:
            (folder / PLAN_FILE).write_text(json.dumps(asdict(plan), indent=1), encoding="utf-8")
            model = start_model(samples, plan, start, backbone, warm)
            _compile(model, plan)
        _train(model, samples, folder, plan, state, probe=probe, report=report)
    state.done = True
    state.save(folder)
    (folder / CHECKPOINT_FILE).unlink()
    return folder


def _train(
    model: keras.Model,
    samples: Sequence[Sample],
    folder: Path,
    plan: BackbonePlan,
    state: RunState,
    *,
    probe: Sequence[Sample],
    report: Callable[[dict], None] | None,
) -> None:
    labels = labels_of(samples)
    numbers = class_indices(samples, labels)
    steps = plan.passes * len(samples) / plan.batch
    run = Run(model, plan, state, folder, labels, steps, probe, report)
    largest = max(side for side, _ in plan.sides)
    pictures = [_cached(sample.pixels, largest) for sample in samples]
    end = 0.0
    for side, share in plan.sides:
        end += share
        if run.progress >= min(end, 0.999):
            continue
        batches = BalancedBatches(
            pictures,
            numbers,
            plan.augmentation,
            side=side,
            batch=plan.batch,
            steps=plan.steps_an_epoch,
            power=plan.power,
            hue_shifted=plan.hue_shifted,
            hues=plan.hues,
            seed=plan.seed,
        )
        run.train(batches, min(end, 1.0))
    run.save()


def _cached(pixels: Pixels, largest: int) -> Pixels:
    """Shrink what is far larger than training will use; augmenting it costs less then."""
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
