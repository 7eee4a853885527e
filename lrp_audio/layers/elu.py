"""Exponential linear unit."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class ELU(Activation):
    """``x`` where x > 0, else ``alpha (exp(x) - 1)`` (Clevert et al. 2016); relevance passes."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Array) -> Array:
        """``x`` or ``alpha (exp(x) - 1)``."""
        return np.where(x > 0, x, x.dtype.type(self.alpha) * np.expm1(np.minimum(x, 0)))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where x > 0, else ``alpha exp(x) g``."""
        return np.where(x > 0, g, x.dtype.type(self.alpha) * np.exp(np.minimum(x, 0)) * g)
