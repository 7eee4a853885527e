"""Average pooling over time, or over height and width, and over everything."""

import math
from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.pooled import Pooled
from lrp_audio.layers.window_sum import WindowSum
from lrp_audio.types import Array


class AveragePool(Pooled, LinearLayer):
    """Mean over each window's real inputs: padding and a clipped last window do not dilute it."""

    kind: ClassVar[str] = "average-pool"
    weight = np.ones(1)

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight`` times the mean of each window."""
        return WindowSum(self.window).linear(x, weight) / self._counts(x.shape, x.dtype)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight`` times an even share of each window's `s` at each of its inputs."""
        shares = s / self._counts(shape, s.dtype)
        return WindowSum(self.window).transpose(shares, weight, shape)

    def _counts(self, shape: tuple[int, ...], dtype: "np.dtype[np.floating]") -> Array:
        """How many real inputs each window has."""
        return WindowSum(self.window).linear(np.ones((1, 1, *shape[2:]), dtype), self.weight)


class AveragePool1D(AveragePool):
    """Average pooling of `x` ``(batch, channels, time)``."""

    rank: ClassVar[int] = 1


class AveragePool2D(AveragePool):
    """Average pooling of `x` ``(batch, channels, height, width)``."""

    rank: ClassVar[int] = 2


class GlobalAveragePool(LinearLayer):
    """Mean of each channel: ``(batch, channels, ...)`` to ``(batch, channels)``."""

    kind: ClassVar[str] = "average-pool"
    weight = np.ones(1)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(channels,)``."""
        if len(shape) < 2:
            raise ShapeError(
                f"A global average pool was given samples of shape {shape}; expected channels and "
                "at least one length."
            )
        return shape[:1]

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight`` times the mean."""
        return np.asarray(x.mean(axis=tuple(range(2, x.ndim))) * x.dtype.type(weight[0]))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight`` times an even share of `s` at each position."""
        share = s * s.dtype.type(weight[0] / math.prod(shape[2:]))
        return np.broadcast_to(share.reshape(*s.shape, *[1] * (len(shape) - 2)), shape)
