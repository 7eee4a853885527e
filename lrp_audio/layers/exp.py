"""The exponential function."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Exp(Activation):
    """``y = exp(x)``; relevance passes, and an overflow gives infinity."""

    def forward(self, x: Array) -> Array:
        """``exp(x)``."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``y g``."""
        with np.errstate(invalid="ignore"):
            return np.asarray(y * g)
