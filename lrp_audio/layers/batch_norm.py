"""Batch normalisation with its running statistics, as used after training."""

from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.arrays import as_floats
from lrp_audio.layers.base import LinearLayer
from lrp_audio.types import Array


class BatchNorm(LinearLayer):
    """``y = scale (x - mean) / sqrt(variance + epsilon) + shift`` for each channel.

    It is the linear map ``weight x + bias`` with one weight for each channel, so every linear rule
    applies to it. Folding it into its neighbour (`lrp_audio.models.folding`) is better where
    possible: the rule then applies to both maps as one.
    """

    kind: ClassVar[str] = "batch-norm"
    bias: Array

    def __init__(
        self, scale: Array, shift: Array, mean: Array, variance: Array, epsilon: float = 1e-5
    ) -> None:
        scale, shift, mean, variance = (
            as_floats(values, "The scale, shift, mean or variance of a batch-norm")
            for values in (scale, shift, mean, variance)
        )
        if not scale.shape == shift.shape == mean.shape == variance.shape or scale.ndim != 1:
            raise ShapeError(
                f"A batch-norm was given scale {scale.shape}, shift {shift.shape}, mean "
                f"{mean.shape}, variance {variance.shape}; expected one number a channel in each."
            )
        if not (variance + epsilon > 0).all():
            raise ShapeError("A batch-norm was given a variance + epsilon that is not above 0.")
        self.weight = scale / np.sqrt(variance + epsilon)
        self.bias = shift - mean * self.weight

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        if shape[:1] != self.weight.shape:
            raise ShapeError(
                f"A batch-norm over {len(self.weight)} channels was given samples of shape {shape}."
            )
        return shape

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight_c x_c + bias_c``."""
        z = x * _channelwise(weight, x)
        return z if bias is None else z + _channelwise(bias, x)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight_c s_c``."""
        return s * _channelwise(weight, s)


def _channelwise(values: Array, x: Array) -> Array:
    return values.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 2))
