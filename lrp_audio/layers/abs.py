"""The absolute value."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Abs(Activation):
    """``y = |x|``; relevance passes."""

    def forward(self, x: Array) -> Array:
        """``|x|``."""
        return np.abs(x)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``sign(x) g``."""
        return np.asarray(np.sign(x) * g)
