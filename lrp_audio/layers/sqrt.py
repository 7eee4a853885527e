"""The square root."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Sqrt(Activation):
    """``y = sqrt(x)``; NaN below 0. Relevance passes, as for `Log`: only the scale changes."""

    def forward(self, x: Array) -> Array:
        """``sqrt(x)``."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g / (2 y)``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(g / (2 * y))
