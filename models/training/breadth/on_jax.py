"""A step of `models.training.breadth.recipe` for an accelerator, on Keras's JAX backend.

All classes take part in each step: on an accelerator the softmax over tens of thousands costs next
to nothing. The network trains by AdamW, the classifier weights by plain gradient descent, both by
one compiled function whose state stays on the device.
"""

# Keras's and JAX's annotations name too narrow arguments.
# pyright: reportAssignmentType=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportMissingImports=false, reportOptionalIterable=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from models.training.projections import RIDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    from numpy.typing import NDArray

    from models.training.breadth.recipe import BreadthPlan

CLIPPED: float = 5.0
"""The largest norm of the network's gradient."""


class State(NamedTuple):
    """What a step changes: weights, both moments and average of each, classes, memory, steps.

    `others`: the network's variables that no slope changes, the means of its last layer among them.
    """

    weights: tuple[Any, ...]
    others: tuple[Any, ...]
    first: tuple[Any, ...]
    second: tuple[Any, ...]
    average: tuple[Any, ...]
    classes: Any
    memory: Any
    memory_labels: Any
    steps: Any


class AcceleratedStep:
    """Trains a network of `build_breadth_network` on Keras's JAX backend."""

    def __init__(
        self, network: keras.Model, classes: NDArray[np.float32], plan: BreadthPlan
    ) -> None:
        """`classes`: the weights of all classes to start from, (classes, dimensions), unit."""
        self.network, self.plan = network, plan
        weights = tuple(jnp.asarray(v.value) for v in network.trainable_variables)
        others = tuple(jnp.asarray(v.value) for v in network.non_trainable_variables)
        decayed = tuple(not v.path.endswith("bias") for v in network.trainable_variables)
        zeros = tuple(jnp.zeros_like(w) for w in weights)
        self.state = State(
            weights,
            others,
            zeros,
            zeros,
            weights,
            jnp.asarray(classes),
            jnp.zeros((plan.memory, plan.dimensions)),
            jnp.full((plan.memory,), -1),
            jnp.zeros((), jnp.int32),
        )
        # not donated: the average starts as the very weights
        self._step = jax.jit(self._stepped(decayed))

    def __call__(
        self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], rate: float
    ) -> dict[str, Any]:
        """One step; returns the losses and the share right, still on the device."""
        self.state, figures = self._step(
            self.state, jnp.asarray(pixels), jnp.asarray(labels, jnp.int32), rate
        )
        return figures

    def averaged(self) -> list[NDArray[np.float32]]:
        """The averaged weights of the whole network, in its own order."""
        network, state = self.network, self.state
        variables = [*network.trainable_variables, *network.non_trainable_variables]
        values = [*state.average, *state.others]
        by_path = {
            v.path: np.asarray(m, np.float32) for v, m in zip(variables, values, strict=True)
        }
        return [by_path[v.path] for v in network.weights]

    def _loss(self, weights: Any, classes: Any, state: State, pixels: Any, labels: Any) -> Any:
        plan = self.plan
        pairs = 2 * plan.pairs
        inputs = pixels.astype(jnp.float32) / 127.5 - 1
        x, moved = self.network.stateless_call(weights, state.others, inputs, training=True)
        x = x.astype(jnp.float32)
        cosines = x @ (classes / jnp.linalg.norm(classes, axis=1, keepdims=True)).T
        right = jax.nn.one_hot(labels, len(classes))
        logits = plan.scale * (cosines - plan.margin * right)
        softmax = -(jax.nn.log_softmax(logits) * right).sum(1).mean()
        hits = (cosines.argmax(1) == labels).mean()
        paired, own = x[-pairs:], labels[-pairs:]
        others = jnp.concatenate([x, state.memory])
        other_labels = jnp.concatenate([labels, state.memory_labels])
        like = plan.contrast_scale * paired @ others.T
        left_out = (own[:, None] == other_labels[None]) | (other_labels < 0)[None]
        like = jnp.where(left_out, -1e4, like)
        partners = np.arange(pairs) ^ 1
        together = plan.contrast_scale * (paired * paired[partners]).sum(1)
        both = jnp.concatenate([together[:, None], like], 1)
        contrast = (jax.nn.logsumexp(both, axis=1) - together).mean()
        return softmax + plan.contrast * contrast, (softmax, contrast, hits, x, moved)

    def _stepped(self, decayed: Sequence[bool]) -> Any:
        plan = self.plan

        def step(state: State, pixels: Any, labels: Any, rate: Any) -> Any:
            slopes, seen = jax.grad(self._loss, argnums=(0, 1), has_aux=True)(
                state.weights, state.classes, state, pixels, labels
            )
            own, of_classes = slopes
            softmax, contrast, hits, x, others = seen
            norm = jnp.sqrt(sum((slope.astype(jnp.float32) ** 2).sum() for slope in own))
            scale = jnp.minimum(1.0, CLIPPED / (norm + 1e-9))
            steps = state.steps + 1
            weights, first, second, average = [], [], [], []
            for w, m, v, a, slope, shrunk in zip(
                state.weights,
                state.first,
                state.second,
                state.average,
                own,
                decayed,
                strict=True,
            ):
                slope = slope * scale
                m = 0.9 * m + 0.1 * slope
                v = 0.999 * v + 0.001 * slope**2
                change = (m / (1 - 0.9**steps)) / (jnp.sqrt(v / (1 - 0.999**steps)) + 1e-7)
                w = w - rate * (change + (plan.decay * w if shrunk else 0))
                kept = jnp.minimum(plan.average, steps / (steps + 10.0))
                weights.append(w)
                first.append(m)
                second.append(v)
                average.append(kept * a + (1 - kept) * w)
            classes = state.classes - plan.class_rate * of_classes
            classes = classes / jnp.linalg.norm(classes, axis=1, keepdims=True)
            kept = plan.memory - len(labels)
            memory = jnp.concatenate([state.memory[-kept:], x])[-plan.memory :]
            memory_labels = jnp.concatenate([state.memory_labels[-kept:], labels])[-plan.memory :]
            changed = State(
                tuple(weights),
                tuple(others),
                tuple(first),
                tuple(second),
                tuple(average),
                classes,
                memory,
                memory_labels,
                steps,
            )
            return changed, {"softmax": softmax, "contrast": contrast, "right": hits}

        return step


def quick_discriminant(
    features: NDArray[np.float32], labels: NDArray[np.int64], dimensions: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `models.training.projections.discriminant`, in single precision on the device.

    Of thousands of features that one takes minutes on a processor.
    """
    mean = features.mean(0)
    apart = jnp.asarray(features - mean)
    total = apart.T @ apart / (len(features) - 1)
    numbers = np.unique(labels, return_inverse=True)[1]
    counts = np.bincount(numbers)
    sums = jax.ops.segment_sum(apart, jnp.asarray(numbers), len(counts))
    inside = apart - (sums / counts[:, None])[numbers]
    within = inside.T @ inside / max(len(features) - len(counts), 1)
    within += RIDGE * jnp.trace(total) / len(total) * jnp.eye(len(total))
    root = jnp.linalg.cholesky(within)
    half = jax.scipy.linalg.solve_triangular(root, total, lower=True)
    whitened = jax.scipy.linalg.solve_triangular(root, half.T, lower=True)
    axes = jnp.linalg.eigh((whitened + whitened.T) / 2)[1][:, -dimensions:]
    kernel = np.asarray(jax.scipy.linalg.solve_triangular(root.T, axes, lower=False), np.float32)
    return kernel, -mean @ kernel
