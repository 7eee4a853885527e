"""Piecewise linear approximation of the logistic function."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class HardSigmoid(Activation):
    """``y = min(max(alpha x + beta, 0), 1)`` (Courbariaux et al. 2015); relevance passes.

    It passes at the limits too, as in the other functions that saturate. `alpha` is 1/6 in
    PyTorch and MobileNetV3, 0.2 in Keras and by default in ONNX.
    """

    def __init__(self, alpha: float = 1 / 6, beta: float = 0.5) -> None:
        self.alpha, self.beta = alpha, beta

    def forward(self, x: Array) -> Array:
        """``min(max(alpha x + beta, 0), 1)``."""
        line = x * x.dtype.type(self.alpha) + x.dtype.type(self.beta)
        return np.asarray(np.clip(line, 0, 1))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``alpha g`` between the limits, else 0."""
        limited = (y <= 0) | (y >= 1)
        return np.asarray(np.where(limited, g.dtype.type(0), g * g.dtype.type(self.alpha)))
