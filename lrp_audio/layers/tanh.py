"""Hyperbolic tangent."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Tanh(Activation):
    """``y = tanh(x)``; relevance passes."""

    def forward(self, x: Array) -> Array:
        """``tanh(x)``."""
        return np.asarray(np.tanh(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``(1 - y^2) g``."""
        return (1 - y**2) * g
