"""Rectified linear unit."""

from lrp_audio.kernels import elementwise
from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class ReLU(Activation):
    """``y = max(x, 0)`` for each value; relevance passes."""

    def forward(self, x: Array) -> Array:
        """``max(x, 0)``."""
        return elementwise.rectify(x)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where the output is positive, else 0."""
        return elementwise.gate(g, y)
