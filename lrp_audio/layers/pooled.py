"""What pooling layers share: a window over each channel, and the shape that it gives."""

from typing import ClassVar

from lrp_audio.errors import ShapeError
from lrp_audio.layers.window import Axes, Padding, Sliding, padding, per_axis


class Pooled:
    """A layer that reduces each channel within a sliding window.

    `kernel`, `stride` and `dilation` are a whole number for all axes, or one for each; the stride
    is the kernel unless given. `pad` may also be a pair (before, after) for each axis, "same" or
    "same-lower".
    """

    kind: ClassVar[str]
    rank: ClassVar[int]

    def __init__(
        self,
        kernel: Axes,
        stride: Axes | None = None,
        pad: Padding = 0,
        ceil_mode: bool = False,
        dilation: Axes = 1,
    ) -> None:
        kernel = per_axis(kernel, self.rank, "kernel")
        stride = kernel if stride is None else per_axis(stride, self.rank, "stride")
        dilation = per_axis(dilation, self.rank, "dilation")
        self.window = Sliding(kernel, stride, padding(pad, self.rank), dilation, ceil_mode)
        for axis, pair in enumerate(() if isinstance(self.window.pad, str) else self.window.pad):
            if max(pair) >= self.window.reach(axis):
                raise ShapeError(
                    f"A {self.kind} with kernel {kernel} was given pad {self.window.pad}; expected "
                    "less than the kernel on each side, so that every window sees an input."
                )

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(channels, *windows)`` for ``(channels, *lengths)``."""
        if len(shape) != 1 + self.rank:
            raise ShapeError(
                f"A {self.kind} over {self.rank} axes was given samples of shape {shape}; expected "
                f"channels and {self.rank} lengths."
            )
        size = self.window.size(shape[1:])
        for axis, length in enumerate(shape[1:]):
            # Between its positions, a dilated window could skip an input as short as this.
            if length < self.window.dilation[axis] and any(self.window.pads_of(axis, length)):
                raise ShapeError(
                    f"A {self.kind} with dilation {self.window.dilation} and padding was given "
                    f"samples of shape {shape}; expected at least {self.window.dilation[axis]} "
                    f"positions, so that every window sees an input."
                )
        return (shape[0], *size)
