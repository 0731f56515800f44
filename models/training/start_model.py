"""How a run of backbone training starts: the network's weights, and the classifier's.

From the package of `read_start`, from a finished embedding, or from another run. Class weights
start at the mean vectors of their classes' pictures, where they are not those of another run.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.embedding.embedder import EMBEDDING_FILE
from models.gallery.gallery import unit
from models.training.augmentation import hue_shifts, shifted_hues
from models.training.dataset import labels_of
from models.training.embedding_network import build_embedding_network
from models.training.inception import load_start
from models.training.margin import CosineClassifier
from models.training.projections import whitening
from models.training.quiet_keras import keras
from models.training.runs import load_backbone, load_trained
from models.training.start import read_start
from models.training.trained import embed_samples, trained_class_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample
    from models.training.plan import BackbonePlan
    from models.types import Vectors


def start_model(
    samples: Sequence[Sample],
    plan: BackbonePlan,
    start: Path | None,
    backbone: int,
    warm: Path | None,
) -> keras.Model:
    """Build the network with its classifier; see `train_backbone` for what it starts from."""
    labels = labels_of(samples)
    side = plan.sides[0][0]
    if warm is not None:
        network, _ = load_trained(warm)
        known = trained_class_weights(warm)
        few = [i for label in labels if label not in known for i in _some(samples, label)]
        vectors = embed_samples(network, [samples[i] for i in few], side)
    else:
        network = build_embedding_network(None, plan.structure)
        known, few = {}, list(range(len(samples)))
        if start is not None and start.suffix == EMBEDDING_FILE.suffix:
            load_backbone(network, start, backbone)
            vectors = embed_samples(network, samples, side)
        else:
            if start is not None:
                load_start(network, read_start(start))
            vectors = _project(network, samples, plan)
    own = np.array([samples[i].label for i in few])
    means = [known[x] if x in known else vectors[own == x].mean(0) for x in labels]
    if plan.hue_shifted:
        means += _hue_shifted_means(network, samples, labels, plan.hues, side)
    frozen = True
    for layer in network.layers:
        layer.trainable = not frozen
        frozen = frozen and layer.name != plan.frozen
    classifier = CosineClassifier(len(means), dtype="float32", name="classes")
    model = keras.Model(network.input, classifier(network.output), name="classifier")
    weights = np.stack(means)
    classifier.set_weights([(weights / np.linalg.norm(weights, axis=1)[:, None]).T])
    return model


def _project(network: keras.Model, samples: Sequence[Sample], plan: BackbonePlan) -> Vectors:
    """Give the projection its start, whitened principal components; return the vectors."""
    pooled = keras.Model(network.input, network.get_layer("pooled").output)
    features = embed_samples(pooled, samples, plan.sides[0][0])
    kernel, bias = whitening(features, plan.axes)
    network.get_layer("projection").set_weights([kernel, bias])
    return unit(features @ kernel + bias)


def _hue_shifted_means(
    network: keras.Model,
    samples: Sequence[Sample],
    labels: Sequence[str],
    hues: int,
    side: int,
) -> list[NDArray[np.float32]]:
    """Where the class weights of hue-shifted identities start, in the order of their numbers.

    One that no picture can be shifted into starts anywhere: it is never drawn.
    """
    rng = np.random.default_rng(0)
    means: list[NDArray[np.float32]] = []
    for degrees in hue_shifts(hues):
        shifted = [
            replace(samples[i], pixels=pixels)
            for label in labels
            for i in _some(samples, label, 4)
            if (pixels := shifted_hues(samples[i].pixels, degrees)) is not None
        ]
        vectors = embed_samples(network, shifted, side)
        own = np.array([sample.label for sample in shifted])
        for label in labels:
            found = vectors[own == label]
            anywhere = rng.standard_normal(vectors.shape[1]).astype(np.float32)
            means.append(found.mean(0) if len(found) else anywhere)
    return means


def _some(samples: Sequence[Sample], label: str, count: int = 12) -> list[int]:
    """The first few samples of a class; enough to start its class weights from."""
    return [index for index, sample in enumerate(samples) if sample.label == label][:count]
