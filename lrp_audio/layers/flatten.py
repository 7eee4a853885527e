"""All values of a sample in one row."""

import math

from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Flatten(Rearrangement):
    """``(batch, channels, ...)`` to ``(batch, channels * ...)``, last axis fastest."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One axis with as many values."""
        return (math.prod(shape),)

    def forward(self, x: Array) -> Array:
        """`x` reshaped."""
        return x.reshape(len(x), *self.output_shape(x.shape[1:]))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` in the shape of `x`."""
        return g.reshape(x.shape)
