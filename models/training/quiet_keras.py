"""Keras, imported without what TensorFlow says of the machine; it works where it comes first."""

from __future__ import annotations

from models.quiet import no_chatter

__all__ = ["keras", "ops"]

with no_chatter():
    import keras
    from keras import ops

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.list_logical_devices()  # it says here, not at the first picture, what it lacks
