"""The natural logarithm."""

import numpy as np

from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class Log(Activation):
    """``y = log(x)``; -inf for 0, NaN below.

    Relevance passes: the scale on which a bin's energy is expressed does not change which bin it
    is. A floor before the logarithm (`Maximum`) drops the relevance of the bins that it replaces.
    """

    def forward(self, x: Array) -> Array:
        """``log(x)``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(x))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g / x``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(g / x)
