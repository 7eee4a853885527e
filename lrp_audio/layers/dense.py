"""Fully connected layer."""

import math
from typing import ClassVar

from lrp_audio.errors import ShapeError
from lrp_audio.kernels import dense
from lrp_audio.layers.base import Gradients, WeightedLayer
from lrp_audio.layers.flat_outputs import propagate_flat
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.types import Array


class Dense(WeightedLayer):
    """``z = W x + b`` for `x` ``(batch, in)`` and `weight` ``(out, in)``.

    `x` may have more axes, ``(batch, ..., in)``: the layer then acts along the last one, with the
    same weight at every position of the others.
    """

    kind: ClassVar[str] = "dense"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(..., out)`` for ``(..., in)``."""
        if shape[-1:] != self.weight.shape[1:]:
            raise ShapeError(
                f"A dense layer for {self.weight.shape[1]} inputs was given samples of shape "
                f"{shape}; flatten them, or check the layer before it."
            )
        return (*shape[:-1], len(self.weight))

    @property
    def stacks(self) -> bool:
        """Inputs and columns of the weight may be stacked."""
        return True

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``x W^T + b``."""
        z = dense.multiply(_rows(x), weight)
        if bias is not None:
            z += bias
        return z if x.ndim == 2 else z.reshape(*x.shape[:-1], len(weight))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``s W``."""
        c = dense.multiply_transpose(_rows(s), weight)
        return c if len(shape) == 2 else c.reshape(shape)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Relevance of the input under a linear rule."""
        if x.ndim == 2:
            return super().relevance(x, y, relevance, rule)
        return propagate_flat(self, x, y, relevance, rule)

    def weight_gradient(self, x: Array, g: Array) -> Array:
        """``g^T x``."""
        return dense.multiply_weight_gradient(x, g)

    def parameter_gradients(self, x: Array, g: Array) -> Gradients:
        """Gradients of weight and bias, summed over the batch and all positions."""
        return super().parameter_gradients(_rows(x), _rows(g))


def _rows(x: Array) -> Array:
    """``(batch, ..., n)`` as ``(batch * ..., n)``."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
