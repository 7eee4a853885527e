"""Class probabilities from logits."""

from typing import ClassVar

import numpy as np

from lrp_audio.layers.axes import sample_axes, whole_numbers
from lrp_audio.layers.base import SameShape
from lrp_audio.types import Array


class Softmax(SameShape):
    """``y_k = exp(x_k) / sum_l exp(x_l)`` along `axis`.

    Relevance of a probability passes to the logit of the same class, as if the sum below were a
    constant. An explanation is better started at the logits, without this layer: probabilities
    depend on the logits of all classes.
    """

    kind: ClassVar[str] = "softmax"

    def __init__(self, axis: int = -1) -> None:
        (self.axis,) = whole_numbers(axis, "The axis of a softmax")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        self.place(len(shape) + 1)
        return shape

    def forward(self, x: Array) -> Array:
        """The probabilities, without overflow."""
        axis = self.place(x.ndim)
        powers = np.exp(x - x.max(axis, keepdims=True))
        return np.asarray(powers / powers.sum(axis, keepdims=True))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``y_k (g_k - sum_l y_l g_l)``."""
        return np.asarray(y * (g - (y * g).sum(self.place(x.ndim), keepdims=True)))

    def place(self, rank: int) -> int:
        """The axis of an array of `rank` axes, counted from the front."""
        return sample_axes((self.axis,), rank, f"A {self.kind}")[0]
