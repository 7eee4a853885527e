"""Branches one after the other along an axis, as in DenseNet and U-Net."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.axes import sample_axes, whole_numbers
from lrp_audio.layers.base import Rearrangement
from lrp_audio.types import Array


class Concat(Rearrangement):
    """Several sources, whose lengths along `axis` are `sizes`, concatenated along that axis."""

    def __init__(self, axis: int, sizes: Sequence[int]) -> None:
        (self.axis,) = whole_numbers(axis, "The axis of a concatenation")
        self.sizes = whole_numbers(sizes, "The sizes of a concatenation")

    def joined_shape(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """The shape of the sources, the sum of their lengths along the axis."""
        place = self._place(len(shapes[0]) + 1) - 1
        others = {(*shape[:place], *shape[place + 1 :]) for shape in shapes}
        if len(others) > 1 or tuple(shape[place] for shape in shapes) != self.sizes:
            raise ShapeError(
                f"A concatenation along axis {self.axis} of the sizes {self.sizes} was given "
                f"samples of the shapes {', '.join(map(str, shapes))}; expected these sizes along "
                "that axis, and the same along all others."
            )
        return (*shapes[0][:place], sum(self.sizes), *shapes[0][place + 1 :])

    def join(self, arrays: Sequence[Array]) -> Array:
        """The arrays, concatenated."""
        return np.concatenate(arrays, axis=self._place(arrays[0].ndim))

    def split(self, at_input: Array) -> Iterable[Array]:
        """The section of each source."""
        bounds = list(accumulate(self.sizes))[:-1]
        return np.split(at_input, bounds, axis=self._place(at_input.ndim))

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input, which is joined already."""
        if shape[self._place(len(shape) + 1) - 1] != sum(self.sizes):
            raise ShapeError(
                f"A concatenation along axis {self.axis} of the sizes {self.sizes} was given "
                f"joined samples of shape {shape}; expected the sum of the sizes along that axis."
            )
        return shape

    def forward(self, x: Array) -> Array:
        """The joined input as it is."""
        self.output_shape(x.shape[1:])
        return x

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` itself."""
        return g

    def _place(self, rank: int) -> int:
        return sample_axes((self.axis,), rank, "A concatenation")[0]
