"""A part of the input, by start, end and step along each axis."""

from collections.abc import Sequence

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.axes import sample_axes, whole_numbers
from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Slice(Rearrangement):
    """``x[start:end:step]`` along each of `axes`, which are 1, 2, ... unless given.

    `starts`, `ends` and `steps` (1 unless given) have one number for each axis. Numbers below 0
    count from the end, and numbers out of range mean the end or the beginning, as in Python: with
    a negative step, any end below minus the length, such as -2^63, includes position 0.
    """

    def __init__(
        self,
        starts: Sequence[int],
        ends: Sequence[int],
        axes: Sequence[int] | None = None,
        steps: Sequence[int] | None = None,
    ) -> None:
        self.starts = whole_numbers(starts, "The starts of a slice")
        self.ends = whole_numbers(ends, "The ends of a slice")
        every = range(1, 1 + len(self.starts))
        self.axes = whole_numbers(every if axes is None else axes, "The axes of a slice")
        self.steps = whole_numbers(
            (1,) * len(self.starts) if steps is None else steps, "The steps of a slice"
        )
        if not len(self.starts) == len(self.ends) == len(self.axes) == len(self.steps):
            raise ShapeError(
                f"A slice was given starts {self.starts}, ends {self.ends}, axes {self.axes} and "
                f"steps {self.steps}; expected as many of each."
            )
        if 0 in self.steps:
            raise ShapeError("A slice was given a step of 0; expected another whole number.")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The number of positions along each axis."""
        parts = self._slices((0, *shape))[1:]
        size = tuple(
            len(range(*part.indices(length))) for part, length in zip(parts, shape, strict=True)
        )
        if 0 in size:
            raise ShapeError(f"A slice of samples of shape {shape} has the shape {size}: nothing.")
        return size

    def forward(self, x: Array) -> Array:
        """A view of `x`."""
        self.output_shape(x.shape[1:])
        return x[self._slices(x.shape)]

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` at the positions of the slice, 0 elsewhere."""
        whole = np.zeros(x.shape, g.dtype)
        whole[self._slices(x.shape)] = g
        return whole

    def _slices(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        found = [slice(None)] * len(shape)
        axes = sample_axes(self.axes, len(shape), "A slice")
        for axis, start, end, step in zip(axes, self.starts, self.ends, self.steps, strict=True):
            found[axis] = slice(start, end, step)
        return tuple(found)
