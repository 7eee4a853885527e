"""The same values in another shape."""

import math

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Reshape(Rearrangement):
    """The values of each sample in `shape`, the batch axis left out; last axis fastest.

    One axis of `shape` may be -1: it is as long as the values require. Raises `ShapeError` for more
    of them.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        if shape.count(-1) > 1:
            raise ShapeError(f"A reshape to {shape} leaves more than one length open.")
        self.shape = shape

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """`self.shape`, if that holds as many values."""
        count, fixed = math.prod(shape), math.prod(n for n in self.shape if n != -1)
        if (count % fixed if -1 in self.shape and fixed else count != fixed) != 0:
            raise ShapeError(
                f"A reshape to {self.shape} was given samples of shape {shape}, which hold "
                f"{count} values instead of {'a multiple of ' * (-1 in self.shape)}{fixed}."
            )
        return tuple(count // fixed if n == -1 else n for n in self.shape)

    def forward(self, x: Array) -> Array:
        """`x` reshaped."""
        return x.reshape(len(x), *self.output_shape(x.shape[1:]))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` in the shape of `x`."""
        return g.reshape(x.shape)
