"""Sigmoid linear unit, also called Swish."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class SiLU(Activation):
    """``y = x / (1 + exp(-x))`` (Elfwing et al. 2018); relevance passes."""

    def forward(self, x: Array) -> Array:
        """``x sigmoid(x)``."""
        return np.asarray(x * _sigmoid(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``sigmoid(x) (1 + x (1 - sigmoid(x))) g``."""
        sigmoid = _sigmoid(x)
        return np.asarray((sigmoid + y * (1 - sigmoid)) * g)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))  # does not overflow
