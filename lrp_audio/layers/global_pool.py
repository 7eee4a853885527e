"""What pools over whole axes share: which axes, and the shape that they leave."""

from collections.abc import Sequence
from typing import ClassVar

from lrp_audio.errors import ShapeError
from lrp_audio.layers.axes import sample_axes, whole_numbers


class GlobalPool:
    """A layer that reduces whole `axes`, by default all after the channels, which are axis 1.

    With `keepdims` these stay, with length 1.
    """

    kind: ClassVar[str]

    def __init__(self, axes: Sequence[int] | None = None, keepdims: bool = False) -> None:
        self.axes = None if axes is None else whole_numbers(axes, "The axes of a global pool")
        self.keepdims = keepdims

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The axes that are not reduced; with `keepdims` all, those reduced with length 1."""
        kept = self.kept_shape((1, *shape))[1:]
        if self.keepdims:
            return kept
        reduced = self.reduced(len(shape) + 1)
        left = tuple(n for axis, n in enumerate(shape, start=1) if axis not in reduced)
        if not left:
            raise ShapeError(
                f"A global {self.kind} over all axes was given samples of shape {shape}; nothing "
                "would be left of them, so leave an axis out, or give keepdims=True."
            )
        return left

    def reduced(self, rank: int) -> tuple[int, ...]:
        """The axes that are reduced, of an array of `rank` axes."""
        if self.axes is not None:
            return tuple(sorted(sample_axes(self.axes, rank, f"A global {self.kind}")))
        if rank < 3:
            raise ShapeError(
                f"A global {self.kind} was given samples with {rank - 1} axis; expected channels "
                "and at least one length."
            )
        return tuple(range(2, rank))

    def kept_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """`shape`, batch axis included, with length 1 along the axes that are reduced."""
        reduced = self.reduced(len(shape))
        return tuple(1 if axis in reduced else n for axis, n in enumerate(shape))
