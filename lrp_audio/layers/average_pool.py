"""Average pooling over time, or over height and width."""

from functools import reduce
from typing import ClassVar

import numpy as np

from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.pooled import Pooled
from lrp_audio.layers.window import Axes, Padding
from lrp_audio.layers.window_sum import WindowSum
from lrp_audio.types import Array


class AveragePool(Pooled, LinearLayer):
    """Mean over the inputs of each window, without padding and what a last window lacks.

    With `count_include_pad` the padding counts as zeros, and only what a last window lacks beyond
    it does not count, as in PyTorch.
    """

    kind: ClassVar[str] = "average-pool"
    weight = np.ones(1)

    def __init__(
        self,
        kernel: Axes,
        stride: Axes | None = None,
        pad: Padding = 0,
        ceil_mode: bool = False,
        dilation: Axes = 1,
        count_include_pad: bool = False,
    ) -> None:
        super().__init__(kernel, stride, pad, ceil_mode, dilation)
        self.count_include_pad = count_include_pad

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight`` times the mean of each window."""
        counts = self._counts(x.shape[2:]).astype(x.dtype)
        return np.asarray(WindowSum(self.window).linear(x, weight) / counts)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight`` times an even share of each window's `s` at each of its inputs."""
        shares = s / self._counts(shape[2:]).astype(s.dtype)
        return WindowSum(self.window).transpose(shares, weight, shape)

    def _counts(self, lengths: tuple[int, ...]) -> Array:
        """How many positions of each window count."""
        along = [self._counts_along(axis, length) for axis, length in enumerate(lengths)]
        return np.asarray(reduce(np.multiply.outer, along))

    def _counts_along(self, axis: int, length: int) -> Array:
        window = self.window
        before, after = window.pads_of(axis, length)
        first, last = (-before, length + after) if self.count_include_pad else (0, length)
        starts = np.arange(window.size_along(axis, length)) * window.stride[axis] - before
        seen = starts[:, None] + np.arange(window.kernel[axis]) * window.dilation[axis]
        return np.asarray(((seen >= first) & (seen < last)).sum(axis=1))


class AveragePool1D(AveragePool):
    """Average pooling of `x` ``(batch, channels, time)``."""

    rank: ClassVar[int] = 1


class AveragePool2D(AveragePool):
    """Average pooling of `x` ``(batch, channels, height, width)``."""

    rank: ClassVar[int] = 2
