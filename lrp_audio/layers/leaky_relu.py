"""Leaky rectified linear unit."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class LeakyReLU(Activation):
    """``y = x`` where x > 0, else ``slope x``; relevance passes."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Array) -> Array:
        """``max(x, 0) + slope min(x, 0)``."""
        return np.where(x > 0, x, x.dtype.type(self.slope) * x)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where x > 0, else ``slope g``."""
        return np.where(x > 0, g, x.dtype.type(self.slope) * g)
