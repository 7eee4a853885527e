"""Multiplication by constants and addition of constants, value by value."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.errors import ShapeError
from lrp_audio.layers.arrays import as_floats
from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.broadcasting import summed_to
from lrp_audio.layers.flat_outputs import propagate_flat
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.types import Array


class Affine(LinearLayer):
    """``y = weight x + bias`` with constants that are broadcast against `x` as in NumPy.

    A constant has as many axes as the samples or fewer, or one more, of length 1, for the batch;
    `x` itself is broadcast where a constant is longer. ``Affine(bias=-c)`` subtracts, ``Affine(1 /
    c)`` divides, ``Affine(-1, c)`` is ``c - x``.
    """

    kind: ClassVar[str] = "affine"

    def __init__(self, weight: ArrayLike = 1.0, bias: ArrayLike | None = None) -> None:
        self.weight = as_floats(weight, "The weight of an affine layer")
        self.bias = None if bias is None else as_floats(bias, "The bias of an affine layer")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that samples and constants are broadcast to."""
        given = (1, *shape)
        constants = [a.shape for a in (self.weight, self.bias) if a is not None]
        try:
            found = np.broadcast_shapes(given, *constants)
        except ValueError:
            found = ()
        if len(found) != len(given) or found[0] != 1:
            raise ShapeError(
                f"An affine layer with constants of the shapes {', '.join(map(str, constants))} "
                f"was given samples of shape {shape}; expected constants that are broadcast "
                "against these, the same for every sample."
            )
        return found[1:]

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight x + bias``."""
        z = x * weight.astype(x.dtype)
        shape = (len(x), *self.output_shape(x.shape[1:]))
        if bias is not None:
            z = z + bias.astype(x.dtype)
        return z if z.shape == shape else np.broadcast_to(z, shape).copy()

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight s``, summed over the axes along which the input was broadcast."""
        return summed_to(s * weight.astype(s.dtype), shape)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Relevance of the input under a linear rule."""
        if self.bias is None:
            return super().relevance(x, y, relevance, rule)
        return propagate_flat(self, x, y, relevance, rule)
