"""All values of a sample in one row."""

import math
from typing import ClassVar

from lrp_audio.layers.base import PassingLayer
from lrp_audio.types import Array


class Flatten(PassingLayer):
    """``(batch, channels, ...)`` to ``(batch, channels * ...)``, channels slowest."""

    kind: ClassVar[str] = "shape"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One axis with as many values."""
        return (math.prod(shape),)

    def forward(self, x: Array) -> Array:
        """`x` reshaped."""
        return x.reshape(len(x), *self.output_shape(x.shape[1:]))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` in the shape of `x`."""
        return g.reshape(x.shape)
