"""The sliding window of convolutions and pools, over one axis or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Literal, get_args

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array


def spatial(x: Array) -> Array:
    """``(batch, channels, time)`` as ``(batch, channels, 1, time)``; an image stays as it is."""
    return x[:, :, None] if x.ndim == 3 else x


def with_rank(x: Array, rank: int) -> Array:
    """Inverse of `spatial` for a signal of `rank` spatial axes."""
    return x[:, :, 0] if rank == 1 else x


def spatial_size(size: tuple[int, ...]) -> tuple[int, int]:
    """Spatial size as ``(height, width)``, a signal having height 1."""
    return (1, size[0]) if len(size) == 1 else (size[0], size[1])


Axes = int | Sequence[int]
"""One whole number for all axes, or one for each."""

Same = Literal["same", "same-lower"]
"""Padding that keeps the length of the input where the stride is 1, for any length."""

Padding = int | Sequence[int | Sequence[int]] | Same
"""One whole number for all axes; or for each axis a number or a pair (before, after); or `Same`."""

Pairs = tuple[tuple[int, int], ...]
"""(before, after) for each axis."""


def per_axis(value: Axes, rank: int, what: str) -> tuple[int, ...]:
    """`value` as one whole number for each of `rank` axes; `what` names it in a `ShapeError`."""
    try:
        return tuple(index(number) for number in _for_each(value, rank))
    except TypeError as error:
        raise ShapeError(
            f"The {what} {value!r} was given for a window over {_axes(rank)}; expected a whole "
            f"number, or {rank} of them."
        ) from error


def padding(value: Padding, rank: int) -> Pairs | Same:
    """`value` as a pair (before, after) for each of `rank` axes, or "same" as it is."""
    if isinstance(value, str) and value in get_args(Same):
        return value
    try:
        return tuple(_pair_of(number) for number in _for_each(value, rank))
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"The pad {value!r} was given for a window over {_axes(rank)}; expected a whole "
            f"number, or {rank} of them, each of which may be a pair (before, after), or 'same'."
        ) from error


def _for_each(value: object, rank: int) -> list[Any]:
    given = list(value) if isinstance(value, Sequence | np.ndarray) else [value] * rank
    if isinstance(value, str) or len(given) != rank:
        raise TypeError
    return given


def _pair_of(number: Any) -> tuple[int, int]:
    before, after = number if isinstance(number, Sequence | np.ndarray) else (number, number)
    return index(before), index(after)


def _axes(rank: int) -> str:
    return f"{rank} {'axis' if rank == 1 else 'axes'}"


@dataclass(frozen=True)
class Sliding:
    """A window over the spatial axes: in each field one number an axis, in `pad` (before, after).

    ``pad="same"`` keeps the length of the input where the stride is 1; where the padding is odd,
    the end gets one more, or with ``"same-lower"`` the beginning. With `ceil_mode` a last window
    that the end of the input clips still counts.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: Pairs | Same
    dilation: tuple[int, ...]
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        fields = (self.kernel, self.stride, self.dilation)
        if any(len(f) != len(self.kernel) or min(f) < 1 for f in fields):
            raise ShapeError(
                f"A window was given kernel {self.kernel}, stride {self.stride} and dilation "
                f"{self.dilation}; expected the same number of whole numbers >= 1 in each."
            )
        if not isinstance(self.pad, str) and (
            len(self.pad) != len(self.kernel) or min(map(min, self.pad)) < 0
        ):
            raise ShapeError(
                f"A window with kernel {self.kernel} was given pad {self.pad}; expected 'same' or "
                f"{len(self.kernel)} pairs (before, after) of whole numbers >= 0."
            )

    def size(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Number of windows along each axis of an input of spatial `shape`."""
        return tuple(self.size_along(axis, length) for axis, length in enumerate(shape))

    def pads(self, shape: tuple[int, ...]) -> bool:
        """Whether windows reach beyond an input of spatial `shape`."""
        return any(sum(self.pads_of(axis, length)) > 0 for axis, length in enumerate(shape))

    def geometry(self, shape: tuple[int, ...]) -> Window:
        """The window as kernels take it, over two axes, for an input of spatial `shape`."""
        pads = tuple(self.pads_of(axis, length)[0] for axis, length in enumerate(shape))
        return Window(
            _pair(self.kernel, 1), _pair(self.stride, 1), _pair(pads, 0), _pair(self.dilation, 1)
        )

    def pads_of(self, axis: int, length: int) -> tuple[int, int]:
        """Padding before and after an axis of that `length`."""
        if not isinstance(self.pad, str):
            return self.pad[axis]
        stride = self.stride[axis]
        windows = -(-length // stride)
        total = max(0, (windows - 1) * stride + self.reach(axis) - length)
        less, more = total // 2, total - total // 2
        return (less, more) if self.pad == "same" else (more, less)

    def reach(self, axis: int) -> int:
        """How many positions of an axis the window spans."""
        return (self.kernel[axis] - 1) * self.dilation[axis] + 1

    def size_along(self, axis: int, length: int) -> int:
        """Number of windows along an axis of that `length`."""
        before, after = self.pads_of(axis, length)
        stride = self.stride[axis]
        room = length + before + after - self.reach(axis)
        if room < 0:
            raise ShapeError(
                f"A window that reaches over {self.reach(axis)} values was given an input of "
                f"{length} (padded to {length + before + after}); expected at least as many."
            )
        windows = (-(-room // stride) if self.ceil_mode else room // stride) + 1
        if self.ceil_mode and (windows - 1) * stride >= length + before:
            windows -= 1  # a window that starts after the end of the input sees nothing
        return windows


def _pair(values: tuple[int, ...], missing: int) -> tuple[int, int]:
    return (missing, values[0]) if len(values) == 1 else (values[0], values[1])
