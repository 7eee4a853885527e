"""The mean over whole axes."""

import math
from typing import ClassVar

import numpy as np

from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.global_pool import GlobalPool
from lrp_audio.types import Array


class GlobalAveragePool(GlobalPool, LinearLayer):
    """Mean over `axes`, by default of each channel, ``(batch, channels)``."""

    kind: ClassVar[str] = "average-pool"
    weight = np.ones(1)

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight`` times the mean."""
        mean = x.mean(axis=self.reduced(x.ndim), keepdims=self.keepdims)
        return np.asarray(mean * x.dtype.type(weight[0]))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight`` times an even share of `s` at each position."""
        count = math.prod(shape[axis] for axis in self.reduced(len(shape)))
        share = s * s.dtype.type(weight[0] / count)
        return np.broadcast_to(share.reshape(self.kept_shape(shape)), shape)
