"""A network as one function from pixels to numbers, whatever the size of the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from models.lean_keras import keras

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def one_graph(network: keras.Model) -> Run:
    """Return the network as a function of float32 arrays; threads may share it.

    Where the network's input shape leaves a length open (the batch's always is), the one graph
    takes any. Keras's `predict` traces a graph anew for each of the first shapes it is given.
    """
    network.trainable = False
    if keras.config.backend() != "tensorflow":  # training may run on a machine that has none
        return lambda batch: np.asarray(keras.ops.convert_to_numpy(network(batch, training=False)))
    import tensorflow as tf

    given = tf.TensorSpec(network.input_shape, tf.float32)
    traced = tf.function(lambda batch: network(batch, training=False), input_signature=[given])
    graph = traced.get_concrete_function()
    return lambda batch: graph(tf.constant(batch)).numpy()
