"""Piecewise approximation of the sigmoid linear unit."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class HardSwish(Activation):
    """``y = x min(max(x + 3, 0), 6) / 6`` (Howard et al. 2019, MobileNetV3); relevance passes."""

    def forward(self, x: Array) -> Array:
        """``x min(max(x + 3, 0), 6) / 6``."""
        return np.asarray(x * np.clip(x / 6 + x.dtype.type(0.5), 0, 1))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g (2 x + 3) / 6`` between -3 and 3, 0 below, `g` above."""
        slope = np.where(x >= 3, x.dtype.type(1), x / 3 + x.dtype.type(0.5))
        return np.asarray(g * np.where(x <= -3, x.dtype.type(0), slope))
