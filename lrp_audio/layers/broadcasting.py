"""What layers share that combine several sources value by value."""

from collections.abc import Iterable, Sequence

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.axes import whole_numbers
from lrp_audio.layers.base import Layer
from lrp_audio.types import Array


def summed_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Transpose of broadcasting: `array` summed over the axes along which `shape` has length 1.

    `shape` has as many axes as `array`, or lacks some of the first.
    """
    extra = array.ndim - len(shape)
    lead = tuple(range(extra))
    axes = tuple(i + extra for i, n in enumerate(shape) if n == 1 and array.shape[i + extra] != 1)
    if not lead + axes:
        return array
    return np.asarray(array.sum(axis=lead + axes, keepdims=True)).reshape(shape)


class Broadcasting(Layer):
    """A layer over ``(batch, sources, ...)``: its sources, broadcast and stacked along axis 1.

    `shapes` are those of the sources without the batch axis, in NumPy's sense of broadcasting but
    with as many axes each; None where all have the same shape.
    """

    shapes: tuple[tuple[int, ...], ...] | None

    def __init__(self, shapes: Sequence[Sequence[int]] | None, sources: int) -> None:
        self.shapes = None
        if shapes is not None:
            self.shapes = tuple(whole_numbers(shape, "The shapes of sources") for shape in shapes)
            if len(self.shapes) != sources or len(set(map(len, self.shapes))) > 1:
                raise ShapeError(
                    f"A {self.kind} of {sources} sources was given the shapes {shapes}; expected "
                    "one for each, all with the same number of axes."
                )

    def joined_shape(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """``(sources, ...)`` with the shape that all are broadcast to."""
        if self.shapes is None:
            return super().joined_shape(shapes)
        given = ", ".join(map(str, shapes))
        if tuple(shapes) != self.shapes:
            raise ShapeError(
                f"A {self.kind} of sources of the shapes {', '.join(map(str, self.shapes))} was "
                f"given {given}."
            )
        try:
            return (len(shapes), *np.broadcast_shapes(*shapes))
        except ValueError as error:
            raise ShapeError(f"The shapes {given} cannot be broadcast to one.") from error

    def join(self, arrays: Sequence[Array]) -> Array:
        """The arrays, broadcast to one shape and stacked along axis 1."""
        return np.stack(np.broadcast_arrays(*arrays), axis=1)

    def split(self, at_input: Array) -> Iterable[Array]:
        """The part of each source, summed over the axes along which it was broadcast."""
        parts = super().split(at_input)
        if self.shapes is None:
            return parts
        batch = len(at_input)
        return (summed_to(p, (batch, *s)) for p, s in zip(parts, self.shapes, strict=True))
