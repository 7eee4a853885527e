"""Leaky rectified linear unit with a trained slope for each channel."""

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.arrays import as_floats
from lrp_audio.layers.base import Activation
from lrp_audio.types import Array


class PReLU(Activation):
    """``y = x`` where x > 0, else ``slope x`` (He et al. 2015); relevance passes.

    `slope` is ``(channels,)`` for the channels on axis 1, or ``(1,)`` for all of them.
    """

    def __init__(self, slope: Array) -> None:
        self.slope = as_floats(slope, "The slope of a PReLU")
        if self.slope.ndim != 1:
            raise ShapeError(
                f"A PReLU was given a slope of shape {self.slope.shape}; expected (channels,)."
            )

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        if len(self.slope) not in (1, shape[0]):
            raise ShapeError(
                f"A PReLU over {len(self.slope)} channels was given samples of shape {shape}."
            )
        return shape

    def forward(self, x: Array) -> Array:
        """``max(x, 0) + slope min(x, 0)``."""
        self.output_shape(x.shape[1:])
        return np.where(x > 0, x, self._slope(x) * x)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where x > 0, else ``slope g``."""
        return np.where(x > 0, g, self._slope(x) * g)

    def _slope(self, x: Array) -> Array:
        return self.slope.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 2))
