"""Logarithms of class probabilities from logits."""

from typing import ClassVar

import numpy as np

from lrp_audio.layers.softmax import Softmax
from lrp_audio.types import Array


class LogSoftmax(Softmax):
    """``y_k = x_k - log(sum_l exp(x_l))`` along `axis`; relevance passes as for `Softmax`."""

    kind: ClassVar[str] = "log-softmax"

    def forward(self, x: Array) -> Array:
        """The logarithms, without overflow."""
        axis = self.place(x.ndim)
        above = x - x.max(axis, keepdims=True)
        return np.asarray(above - np.log(np.exp(above).sum(axis, keepdims=True)))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g_k - exp(y_k) sum_l g_l``."""
        return np.asarray(g - np.exp(y) * g.sum(self.place(x.ndim), keepdims=True))
