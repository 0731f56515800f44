"""The network that `models.training.breadth.recipe` trains, and a step of its training.

A folded Inception-v3 whose averages of several blocks are projected together: what tells characters
apart that were never seen is in the earlier blocks as much as in the last.
"""

# TensorFlow's and Keras's annotations name too narrow arguments.
# pyright: reportReturnType=false, reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportFunctionMemberAccess=false, reportCallIssue=false, reportOptionalIterable=false

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.training.embedding_network import block_averages, tapped_roots, weighted_layers
from models.training.inception import inception_blocks, pixels_input
from models.training.quiet_keras import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.breadth.recipe import BreadthPlan

WEIGHTS_SUFFIX: Final = ".npz"


def build_breadth_network(taps: Sequence[str], dimensions: int) -> keras.Model:
    """Build the network, of open size: (n, side, side, 3) in -1 to 1 -> (n, dimensions), unit.

    It is that of an embedding with `taps`, but for the centring, which `give` folds away.
    """
    pixels = pixels_input(None)
    averages = block_averages(inception_blocks(pixels, ["mixed8"]), taps)
    roots = tapped_roots([*averages.values()], "pooled")
    projected = keras.layers.Dense(dimensions, dtype="float32", name="projection")(roots)
    centred = keras.layers.BatchNormalization(
        momentum=0.98, epsilon=1e-6, center=False, scale=False, dtype="float32", name="centred"
    )(projected)
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit")(centred)
    return keras.Model(pixels, unit, name="breadth")


def give(network: keras.Model, embedding: keras.Model) -> None:
    """Give an embedding's network with the same taps the weights of a breadth network.

    Its late features then are what the breadth network computes. A fusion keeps its weights.
    """
    for layer in weighted_layers(network):
        if layer.name not in ("projection", "centred"):
            embedding.get_layer(layer.name).set_weights(layer.get_weights())
    kernel, bias = network.get_layer("projection").get_weights()
    centred = network.get_layer("centred")
    mean, variance = centred.get_weights()
    scale = 1 / np.sqrt(variance + centred.epsilon)
    embedding.get_layer("projection").set_weights([kernel * scale, (bias - mean) * scale])


def freeze(network: keras.Model, last: str) -> None:
    """Let the layers up to the block `last` keep their weights; where it is empty, none."""
    frozen = bool(last)
    for layer in network.layers:
        layer.trainable = not frozen
        frozen = frozen and layer.name != last


def save_weights(
    path: Path, weights: Sequence[NDArray[np.float32]], *, int8: bool = False, **settings: object
) -> None:
    """Write weights in the network's order, and what rebuilds it, whole or not at all.

    `int8`: kernels as whole numbers with one scale for each output, a quarter as large; those of an
    exported embedding lose nothing by it.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for i, weight in enumerate(weights):
        name = f"weight_{i:03d}"
        if int8 and weight.ndim > 1:
            highest = np.abs(weight).max(tuple(range(weight.ndim - 1)))
            scale = np.maximum(highest, 1e-12).astype(np.float32) / 127
            arrays[f"scale_{i:03d}"] = scale
            arrays[name] = np.round(weight / scale).astype(np.int8)
        else:
            arrays[name] = weight
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(file, settings=np.array(json.dumps(settings)), **arrays)
    unfinished.replace(path)


def load_breadth_network(path: Path) -> tuple[keras.Model, dict[str, Any]]:
    """Rebuild a network of `save_weights`, with its settings."""
    with np.load(path) as file:
        settings = json.loads(str(file["settings"]))
        network = build_breadth_network(settings["taps"], settings["dimensions"])
        names = sorted(name for name in file.files if name.startswith("weight_"))
        scales = [name.replace("weight", "scale") for name in names]
        weights = [
            file[name] * file[scale] if scale in file.files else file[name]
            for name, scale in zip(names, scales, strict=True)
        ]
        network.set_weights(weights)
    return network, settings


def outputs_of(
    network: keras.Model, crops: Callable[[int], NDArray[np.uint8]], count: int, batch: int = 64
) -> Iterator[NDArray[np.float32]]:
    """What a network gives for `count` crops, (side, side, 3) uint8 each, batch by batch."""
    for first in range(0, count, batch):
        some = [crops(i) for i in range(first, min(first + batch, count))]
        pixels = np.stack(some).astype(np.float32) / 127.5 - 1
        padded = np.zeros((batch, *pixels.shape[1:]), np.float32)
        padded[: len(some)] = pixels
        yield np.asarray(network.predict_on_batch(padded), np.float32)[: len(some)]


class TrainingStep:
    """Computes one step's gradients and applies those of the network."""

    def __init__(self, network: keras.Model, plan: BreadthPlan) -> None:
        self.network = network
        self.optimizer = keras.optimizers.AdamW(
            plan.rate,
            weight_decay=plan.decay,
            use_ema=True,
            ema_momentum=plan.average,
            global_clipnorm=5.0,
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias"])
        self.optimizer.build(network.trainable_variables)
        self._step = _compiled(network, self.optimizer, plan)

    def __call__(
        self,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.int64],
        chosen: NDArray[np.int64],
        rows: NDArray[np.float32],
        memory: tuple[NDArray[np.float32], NDArray[np.int64]],
        counted: NDArray[np.bool_],
        rate: float,
    ) -> tuple[float, float, float, NDArray[np.float32], NDArray[np.float32]]:
        """One step; returns both losses, the share right, the slopes of `rows`, and the vectors.

        `chosen`: the numbers of the classes whose weights `rows` are, in rising order. `memory`:
        vectors and classes of former faces. `counted`: the faces that the softmax is taken of.
        """
        import tensorflow as tf

        self.optimizer.learning_rate = rate
        place = np.searchsorted(chosen, labels)
        arrays = (pixels, place, labels, rows, *memory, counted.astype(np.float32))
        softmax, contrast, right, slope, vectors = self._step(*map(tf.constant, arrays))
        return float(softmax), float(contrast), float(right), slope.numpy(), vectors.numpy()

    def averaged(self) -> list[NDArray[np.float32]]:
        """The averaged weights of the whole network, in its own order."""
        variables = self.network.trainable_variables
        means = self.optimizer._model_variables_moving_average
        by_path = {v.path: np.asarray(m) for v, m in zip(variables, means, strict=True)}
        return [by_path.get(v.path, np.asarray(v)) for v in self.network.weights]

    def state(self) -> dict[str, NDArray[Any]]:
        """All that a resumed run needs of the network and the optimizer."""
        weights = {f"n{i:03d}": np.asarray(v) for i, v in enumerate(self.network.weights)}
        return weights | {
            f"o{i:03d}": np.asarray(v) for i, v in enumerate(self.optimizer.variables)
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go back to a `state`."""
        for i, variable in enumerate(self.network.weights):
            variable.assign(state[f"n{i:03d}"])
        for i, variable in enumerate(self.optimizer.variables):
            variable.assign(state[f"o{i:03d}"])


def _compiled(network: keras.Model, optimizer: Any, plan: BreadthPlan) -> Callable[..., Any]:
    import tensorflow as tf

    pairs = 2 * plan.pairs
    partners = np.arange(pairs) ^ 1

    def losses(
        x: Any, place: Any, labels: Any, rows: Any, old: Any, old_labels: Any, counted: Any
    ) -> Any:
        cosines = tf.matmul(x, rows, transpose_b=True)
        right = tf.one_hot(place, tf.shape(rows)[0])
        logits = plan.scale * (cosines - plan.margin * right)
        softmax = tf.nn.sparse_softmax_cross_entropy_with_logits(place, logits)
        hits = counted * tf.cast(tf.equal(tf.argmax(cosines, 1), place), tf.float32)
        paired, own = x[-pairs:], labels[-pairs:]
        others = tf.concat([x, old], 0)
        other_labels = tf.concat([labels, old_labels], 0)
        like = plan.contrast_scale * tf.matmul(paired, others, transpose_b=True)
        left_out = tf.equal(own[:, None], other_labels[None]) | (other_labels < 0)[None]
        like -= 1e4 * tf.cast(left_out, tf.float32)
        together = plan.contrast_scale * tf.reduce_sum(paired * tf.gather(paired, partners), 1)
        both = tf.concat([together[:, None], like], 1)
        contrast = tf.reduce_logsumexp(both, 1) - together
        count = tf.maximum(tf.reduce_sum(counted), 1.0)
        softmax = tf.reduce_sum(counted * softmax) / count
        return softmax, tf.reduce_mean(contrast), tf.reduce_sum(hits) / count

    @tf.function(reduce_retracing=True)
    def step(
        pixels: Any, place: Any, labels: Any, rows: Any, old: Any, old_labels: Any, counted: Any
    ) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            x = network(tf.cast(pixels, tf.float32) / 127.5 - 1, training=True)
            softmax, contrast, hits = losses(x, place, labels, rows, old, old_labels, counted)
            loss = softmax + plan.contrast * contrast
        variables = network.trainable_variables
        *slopes, slope = tape.gradient(loss, [*variables, rows])
        optimizer.apply(slopes, variables)
        return softmax, contrast, hits, slope, x

    return step
