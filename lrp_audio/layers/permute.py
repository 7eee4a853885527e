"""Axes in another order."""

from collections.abc import Sequence

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.axes import sample_axes, whole_numbers
from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Permute(Rearrangement):
    """The axes 1, 2, ... of the output are the axes `axes` of the input; the batch stays axis 0.

    ``Permute((2, 1))`` turns ``(batch, time, channels)`` into ``(batch, channels, time)``. The
    output is a view.
    """

    def __init__(self, axes: Sequence[int]) -> None:
        self.axes = whole_numbers(axes, "The axes of a permutation")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The lengths in the new order."""
        return tuple(shape[axis - 1] for axis in self._order(len(shape) + 1)[1:])

    def forward(self, x: Array) -> Array:
        """`x` transposed."""
        return x.transpose(self._order(x.ndim))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` transposed back."""
        return g.transpose(np.argsort(self._order(x.ndim)))

    def _order(self, rank: int) -> tuple[int, ...]:
        if len(self.axes) != rank - 1:
            raise ShapeError(
                f"A permutation of the {len(self.axes)} axes {self.axes} was given samples with "
                f"{rank - 1}."
            )
        return (0, *sample_axes(self.axes, rank, "A permutation"))
