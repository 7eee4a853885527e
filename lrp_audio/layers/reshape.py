"""The same values in another shape."""

import math

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Reshape(Rearrangement):
    """The values of each sample in `shape`, the batch axis left out; last axis fastest."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """`self.shape`, if that holds as many values."""
        if math.prod(shape) != math.prod(self.shape):
            raise ShapeError(
                f"A reshape to {self.shape} was given samples of shape {shape}, which hold "
                f"{math.prod(shape)} values instead of {math.prod(self.shape)}."
            )
        return self.shape

    def forward(self, x: Array) -> Array:
        """`x` reshaped."""
        return x.reshape(len(x), *self.output_shape(x.shape[1:]))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` in the shape of `x`."""
        return g.reshape(x.shape)
