"""Fully connected layer."""

from typing import ClassVar

from lrp_audio.errors import ShapeError
from lrp_audio.kernels import dense
from lrp_audio.layers.base import WeightedLayer
from lrp_audio.types import Array


class Dense(WeightedLayer):
    """``z = W x + b`` for `x` ``(batch, in)`` and `weight` ``(out, in)``."""

    kind: ClassVar[str] = "dense"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(out,)`` for ``(in,)``."""
        if shape != self.weight.shape[1:]:
            raise ShapeError(
                f"A dense layer for {self.weight.shape[1]} inputs was given samples of shape "
                f"{shape}; flatten them, or check the layer before it."
            )
        return self.weight.shape[:1]

    @property
    def stacks(self) -> bool:
        """Inputs and columns of the weight may be stacked."""
        return True

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``x W^T + b``."""
        z = dense.multiply(x, weight)
        if bias is not None:
            z += bias
        return z

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``s W``."""
        return dense.multiply_transpose(s, weight)

    def weight_gradient(self, x: Array, g: Array) -> Array:
        """``g^T x``."""
        return dense.multiply_weight_gradient(x, g)
