"""What pooling layers share: a window over each channel, and the shape that it gives."""

from typing import ClassVar

from lrp_audio.errors import ShapeError
from lrp_audio.layers.window import Axes, Sliding, per_axis


class Pooled:
    """A layer that looks at each channel through a window.

    `kernel`, `stride` and `pad` are a whole number for all axes, or one for each

    The stride is the kernel unless given. `pad` adds positions that count for nothing.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]

    def __init__(
        self,
        kernel: Axes,
        stride: Axes | None = None,
        pad: Axes = 0,
        ceil_mode: bool = False,
    ) -> None:
        kernel = per_axis(kernel, self.rank, "kernel")
        stride = kernel if stride is None else per_axis(stride, self.rank, "stride")
        pad = per_axis(pad, self.rank, "pad")
        self.window = Sliding(kernel, stride, pad, (1,) * self.rank, ceil_mode)
        if any(2 * p > k for p, k in zip(pad, kernel, strict=True)):
            raise ShapeError(
                f"A {self.kind} with kernel {kernel} was given pad {pad}; expected at most half "
                "the kernel, so that every window sees an input."
            )

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(channels, *windows)`` for ``(channels, *lengths)``."""
        if len(shape) != 1 + self.rank:
            raise ShapeError(
                f"A {self.kind} over {self.rank} axes was given samples of shape {shape}; expected "
                f"channels and {self.rank} lengths."
            )
        return (shape[0], *self.window.size(shape[1:]))
