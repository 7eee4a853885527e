"""The sum over each window, as a linear map to which rules apply."""

import numpy as np

from lrp_audio.kernels import pooling
from lrp_audio.layers.window import Sliding, spatial, spatial_size, with_rank
from lrp_audio.types import Array


class WindowSum:
    """``z_k = weight * sum over window k of x``, with one weight, 1, that rules may modify.

    A `LinearMap` in the sense of the rules, not a layer.
    """

    bias = None
    positive_weight = np.ones(1)
    negative_weight = np.zeros(1)
    weight = np.ones(1)
    stacks = False

    def __init__(self, window: Sliding) -> None:
        self.window = window

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """The sums, ``(batch, channels, *windows)``."""
        lengths = x.shape[2:]
        size = spatial_size(self.window.size(lengths))
        sums = pooling.window_sums(spatial(x), self.window.geometry(lengths), size)
        return np.asarray(with_rank(sums, len(lengths)) * x.dtype.type(weight[0]))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """Every window's `s` at each of its inputs, added up, in the `shape` of the input."""
        lengths = shape[2:]
        window = self.window.geometry(lengths)
        spread = pooling.spread_windows(spatial(s), window, spatial_size(lengths))
        return np.asarray(with_rank(spread, len(lengths)) * s.dtype.type(weight[0]))
