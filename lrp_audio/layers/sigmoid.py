"""Logistic function."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Sigmoid(Activation):
    """``y = 1 / (1 + exp(-x))``; relevance passes."""

    def forward(self, x: Array) -> Array:
        """``(1 + tanh(x / 2)) / 2``, which does not overflow."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``y (1 - y) g``."""
        return np.asarray(y * (1 - y) * g)
