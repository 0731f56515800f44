"""Additive-margin softmax: a cosine classifier and its loss.

Method: Wang et al., "Additive Margin Softmax for Face Verification" (2018).
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportOptionalOperand=false, reportReturnType=false

from __future__ import annotations

from models.training.quiet_keras import keras, ops


@keras.saving.register_keras_serializable("moedex")
class CosineClassifier(keras.layers.Layer):
    """Cosines between unit-length inputs and the learned weights of each class: (n, classes)."""

    def __init__(self, classes: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the class weights, (dimensions, classes)."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.classes), initializer="glorot_normal", name="kernel"
        )

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the cosines, -1 to 1."""
        return ops.matmul(inputs, ops.normalize(self.kernel, axis=0))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(n, classes)."""
        return (*input_shape[:-1], self.classes)

    def get_config(self) -> dict:
        """The layer's arguments."""
        return {**super().get_config(), "classes": self.classes}


@keras.saving.register_keras_serializable("moedex")
class AdditiveMarginLoss(keras.losses.Loss):
    """Cross-entropy of `scale` * (cosine - `margin` for the right class), labels smoothed.

    `smoothing` is the share of the target that is spread over all classes, 0 to 1.
    """

    def __init__(
        self,
        margin: float = 0.2,
        scale: float = 24.0,
        smoothing: float = 0.1,
        name: str = "additive_margin",
        **kwargs: object,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.margin, self.scale, self.smoothing = margin, scale, smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """`y_true`: class numbers (n,) or (n, 1); `y_pred`: cosines (n, classes). Returns (n,)."""
        classes = y_pred.shape[-1]
        right = ops.one_hot(ops.reshape(ops.cast(y_true, "int32"), (-1,)), classes)
        logits = self.scale * (ops.cast(y_pred, "float32") - self.margin * right)
        target = right * (1 - self.smoothing) + self.smoothing / classes
        return -ops.sum(target * ops.log_softmax(logits, axis=-1), axis=-1)

    def get_config(self) -> dict:
        """The loss's arguments."""
        return {
            **super().get_config(),
            "margin": self.margin,
            "scale": self.scale,
            "smoothing": self.smoothing,
        }
