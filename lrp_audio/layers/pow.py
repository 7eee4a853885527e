"""Powers with a constant exponent."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Pow(Activation):
    """``y = x^exponent``; ``Pow(-1)`` is the reciprocal, infinite for 0.

    Relevance passes, as for `Log`: a power law only changes the scale. Below 0, fractional
    exponents give NaN.
    """

    def __init__(self, exponent: float) -> None:
        self.exponent = float(exponent)

    def forward(self, x: Array) -> Array:
        """``x^exponent``."""
        return _power(x, self.exponent)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``exponent x^(exponent - 1) g``."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.exponent * _power(x, self.exponent - 1) * g, g.dtype)


def _power(x: Array, exponent: float) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.power(x, x.dtype.type(exponent)))
