"""Gaussian error linear unit."""

import math

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class GELU(Activation):
    """``y = x Phi(x)`` with the normal distribution Phi (Hendrycks & Gimpel 2016)."""

    def forward(self, x: Array) -> Array:
        """``x Phi(x)``."""
        return np.asarray(x * _phi(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``(Phi(x) + x phi(x)) g`` with the normal density phi."""
        density = np.exp(-0.5 * x**2) * x.dtype.type(1 / math.sqrt(2 * math.pi))
        return np.asarray((_phi(x) + x * density) * g)


def _phi(x: Array) -> Array:
    from scipy.special import ndtr  # here, because the import takes longer than all our layers

    return np.asarray(ndtr(x), x.dtype)
