"""Rectified linear unit."""

from typing import ClassVar

from lrp_audio.kernels import elementwise
from lrp_audio.layers.base import Array, PassingLayer


class ReLU(PassingLayer):
    """``y = max(x, 0)`` for each value; relevance passes."""

    kind: ClassVar[str] = "activation"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        return shape

    def forward(self, x: Array) -> Array:
        """``max(x, 0)``."""
        return elementwise.rectify(x)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where the output is positive, else 0."""
        return elementwise.gate(g, y)
