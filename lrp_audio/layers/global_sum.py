"""The sum over whole axes, as in attentive pooling."""

from typing import ClassVar

import numpy as np

from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.global_pool import GlobalPool
from lrp_audio.types import Array


class GlobalSum(GlobalPool, LinearLayer):
    """Sum over `axes`, by default of each channel, ``(batch, channels)``."""

    kind: ClassVar[str] = "sum"
    weight = np.ones(1)

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight`` times the sum."""
        total = x.sum(axis=self.reduced(x.ndim), keepdims=self.keepdims)
        return np.asarray(total * x.dtype.type(weight[0]))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight`` times `s` at each position."""
        every = s * s.dtype.type(weight[0])
        return np.broadcast_to(every.reshape(self.kept_shape(shape)), shape)
