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


def _lengths(given: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with a batch axis, and with the lengths of an array of the shape `given` for -1."""
    return (given[0], *(m if n == -1 else n for n, m in zip(shape, given[1:], strict=True)))


class Broadcasting(Layer):
    """A layer over ``(batch, sources, ...)``: its sources, broadcast and stacked along axis 1.

    `shapes` are those of the sources without the batch axis, in NumPy's sense of broadcasting but
    with as many axes each; None where all have the same shape. -1 stands for any length along an
    axis along which a source is not broadcast.
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
        if not self._are_given(shapes):
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
        each = zip(parts, self.shapes, strict=True)
        return (summed_to(part, _lengths(part.shape, shape)) for part, shape in each)

    def _are_given(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return [len(shape) for shape in shapes] == [len(own) for own in self.shapes or ()] and all(
            n in (-1, m)
            for own, shape in zip(self.shapes or (), shapes, strict=True)
            for n, m in zip(own, shape, strict=True)
        )
