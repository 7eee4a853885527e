"""What the convolutions over one and two axes share."""

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from lrp_audio.errors import ShapeError
from lrp_audio.kernels import convolution as kernel
from lrp_audio.kernels.packing import Operands, pack
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import Winners
from lrp_audio.layers.base import WeightedLayer
from lrp_audio.layers.window import (
    Axes,
    Padding,
    Sliding,
    padding,
    per_axis,
    spatial,
    spatial_size,
    with_rank,
)
from lrp_audio.rules.base import FusedMap
from lrp_audio.types import Array


class Convolution(WeightedLayer, FusedMap):
    """Cross-correlation with `weight` ``(out, in / groups, *kernel)``.

    `stride`, `pad` and `dilation` are a whole number for all axes, or one for each. `pad` may also
    be a pair (before, after) for each axis, "same" or "same-lower".
    """

    kind: ClassVar[str] = "convolution"
    rank: ClassVar[int]

    def __init__(
        self,
        weight: Array,
        bias: Array | None = None,
        stride: Axes = 1,
        pad: Padding = 0,
        dilation: Axes = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(weight, bias)
        weight = self.weight
        if weight.ndim != 2 + self.rank or groups < 1 or weight.shape[0] % groups:
            raise ShapeError(
                f"A convolution over {self.rank} axes was given a weight of shape {weight.shape} "
                f"and {groups} groups; expected (out, in / groups) and {self.rank} kernel lengths, "
                "out divisible by groups."
            )
        self.window = Sliding(
            weight.shape[2:],
            per_axis(stride, self.rank, "stride"),
            padding(pad, self.rank),
            per_axis(dilation, self.rank, "dilation"),
        )
        self.groups = groups

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(out, *windows)`` for ``(in, *lengths)``."""
        channels = self.weight.shape[1] * self.groups
        if len(shape) != 1 + self.rank or shape[0] != channels:
            raise ShapeError(
                f"A convolution over {self.rank} axes and {channels} channels was given samples of "
                f"shape {shape}."
            )
        return (self.weight.shape[0], *self.window.size(shape[1:]))

    @property
    def stacks(self) -> bool:
        """Input channels may be stacked where there are no groups."""
        return self.groups == 1

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """The convolution of `x` with `weight`, plus `bias`."""
        z = kernel.convolve(
            spatial(x),
            self.operands(weight, x.dtype),
            bias,
            self.geometry(x.shape),
            self.size(x.shape),
        )
        return with_rank(z, self.rank)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """The transposed convolution of `s`, scatter-added into an input of `shape`."""
        size = spatial_size(shape[2:])
        c = kernel.transpose(spatial(s), self.operands(weight, s.dtype), self.geometry(shape), size)
        return with_rank(c, self.rank)

    def quotients(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        relevance: Array,
        share: float,
        epsilon: Array,
        at: Winners | None = None,
    ) -> tuple[Array, Array]:
        """The division of a rule by the convolution of `x`, at all outputs or at the winners."""
        s, accounts = kernel.quotients_of(
            spatial(x),
            self.operands(weight, x.dtype),
            bias,
            self.geometry(x.shape),
            self.size(x.shape),
            at,
            spatial(relevance),
            share,
            epsilon,
        )
        return with_rank(s, self.rank), accounts

    def stacked(self, weights: tuple[Array, ...]) -> Array:
        """The weights, stacked along the axis of input channels."""
        if any(weight.flags.writeable for weight in weights):
            return np.concatenate(weights, axis=1)

        def together() -> tuple[Array, tuple[Array, ...]]:
            joined = np.concatenate(weights, axis=1)
            joined.setflags(write=False)
            return joined, weights  # which are kept too, so that no others get their ids

        first, *others = weights
        return self.remembered(first, f"stacked with {[id(w) for w in others]}", together)[0]

    def products(
        self, s: Array, weight: Array, x: Array, total: Array | None, at: Winners | None = None
    ) -> Array:
        """``x * (W^T s)``, added to `total`, for an `s` at all outputs or at the winners."""
        found = kernel.relevance_of(
            spatial(s),
            self.operands(weight, s.dtype),
            self.geometry(x.shape),
            spatial(x),
            at,
            None if total is None else spatial(total),
        )
        return with_rank(found, self.rank)

    def weight_gradient(self, x: Array, g: Array) -> Array:
        """The correlation of `x` with `g`, in the shape of the weight."""
        return self.weight_gradient_at(x, g, None)

    def weight_gradient_at(self, x: Array, g: Array, at: Winners | None) -> Array:
        """The same, for `g` at the winners of a max-pool over the output."""
        gradient = kernel.weight_gradient(
            spatial(x),
            spatial(g),
            self.geometry(x.shape),
            self.groups,
            spatial(self.weight).shape,
            at,
        )
        return gradient.reshape(self.weight.shape)

    def geometry(self, shape: tuple[int, ...]) -> Window:
        """The window as kernels take it, for an input of `shape`, batch axis included."""
        return self.window.geometry(shape[2:])

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of the output for an input of `shape`, a signal having width 1."""
        return spatial_size(self.window.size(shape[2:]))

    def operands(self, weight: Array, dtype: DTypeLike) -> Operands:
        """`weight` laid out for the kernels, in `dtype`; remembered where it is read-only."""

        def packed() -> Operands:
            window, converted = self.window, weight.astype(dtype, copy=False)
            return pack(spatial(converted), window.stride, window.dilation, self.groups)

        return self.remembered(weight, f"operands in {np.dtype(dtype)}", packed)
