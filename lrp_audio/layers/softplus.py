"""Smooth approximation of the rectified linear unit."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Softplus(Activation):
    """``y = log(1 + exp(x))`` (Dugas et al. 2001); relevance passes."""

    def forward(self, x: Array) -> Array:
        """``log(1 + exp(x))``, without overflow."""
        with np.errstate(invalid="ignore"):  # NaN is passed on without a warning
            return np.asarray(np.logaddexp(x, x.dtype.type(0)))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g / (1 + exp(-x))``."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * x)) * g)
