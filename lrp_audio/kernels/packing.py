"""A convolution's weight laid out for GEMM, in both directions, and the products with it."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lrp_audio.kernels import depthwise, winograd
from lrp_audio.kernels.windows import Window, gathered
from lrp_audio.types import Array

_CACHE_BYTES = 1 << 20  # of a tile's inputs and outputs: half of a common second-level cache
_TALLER = 4  # times taller tiles still pay: each GEMM repacks the whole weight
_MIN_TILES = 8  # that a taller tile must leave, so that threads can share them
_MIN_CHANNELS = 8  # of an input: with fewer, the GEMM of the transpose is too narrow to be fast


class Operand(NamedTuple):
    """A weight as ``(groups, kh * kw * in/g, out/g)``, and transformed where that saves products.

    ``points`` is the weight as transformed by `winograd.transform_weight`, or None.
    """

    packed: Array
    points: Array | None

    @property
    def channels(self) -> int:
        """Number of output channels, of all groups together."""
        return int(self.packed.shape[0] * self.packed.shape[2])

    def rows(self, batch: int, rows: int, positions: int) -> int:
        """Height of a tile, for a `batch` of images of `rows` rows with `positions` windows each.

        A tile's inputs and outputs fit into `_CACHE_BYTES`, or into as many bytes as its weight
        takes, whose repacking then costs no more than they do. Up to `_TALLER` times taller
        ones are made while at least `_MIN_TILES` are left; there are always at least two. A
        transformed image is taken whole, because its sixteen weights are large.
        """
        groups, columns, depth = self.packed.shape
        if self.points is None:
            numbers_per_window, weight = columns + self.channels, columns * depth
        else:  # a tile of `winograd` has four outputs
            _, points, given, _ = self.points.shape
            numbers_per_window, weight = points * groups * (given + depth) // 4, self.points.size
        numbers = max(_CACHE_BYTES // self.packed.itemsize, weight)
        fitting = numbers // (numbers_per_window * positions)
        many = -(-batch * rows // _MIN_TILES)
        tall = max(fitting, min(_TALLER * fitting, many))
        least = rows if self.points is not None and self.points.shape[1] > 6 else 1
        return int(max(least, min(tall, -(-batch * rows // 2))))

    def products(self, images: Array, window: Window, z: Array) -> None:
        """The windows of channels-last `images` times the weight, into `z` ``(n, h, w, out)``."""
        signal = z.shape[2] == 1 and images.shape[2] == 1
        if self.points is not None and (signal or window.kernel == winograd.IMAGE):
            winograd.products(images, self.points, window, z)
            return
        if depthwise.suits(self.packed, math.prod(window.kernel)):
            depthwise.products(images, self.packed, window, z)
            return
        depth = images.shape[3] // len(self.packed)
        for group, flat in enumerate(by_group(z, len(self.packed))):
            panel = gathered(images, group, depth, z.shape[1:3], window)
            np.matmul(panel, self.packed[group], out=flat)


@dataclass(frozen=True)
class Operands:
    """The operand of a convolution and, with stride 1, that of its transpose (else None).

    With stride 1 the transpose is a convolution as well, with the kernel reversed.
    """

    forward: Operand
    backward: Operand | None
    kernel: tuple[int, int]

    @cached_property
    def filters(self) -> Array:
        """The weights of each output in one piece, ``(groups, out/g, kh, kw * in/g)``."""
        groups, columns, made = self.forward.packed.shape
        by_output = np.ascontiguousarray(self.forward.packed.transpose(0, 2, 1))
        return by_output.reshape(groups, made, self.kernel[0], columns // self.kernel[0])


def pack(
    weight: Array, stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> Operands:
    """Weight ``(out, in / groups, kh, kw)`` of a convolution, laid out for GEMM.

    A weight of one sign is never transformed in the forward direction: its sums have no
    cancellation, and rules divide by them.
    """
    kernel = (weight.shape[2], weight.shape[3])
    forward = packed(weight, groups)
    if math.prod(stride) > 1 or weight.shape[1] < _MIN_CHANNELS:
        return Operands(Operand(forward, None), None, kernel)
    backward = packed(_reversed(weight, groups), groups)
    there, back = None, None
    if math.prod(dilation) == 1 and winograd.suits(weight, groups):
        back = winograd.transform_weight(backward, kernel)
        if weight.min() < 0 < weight.max():
            there = winograd.transform_weight(forward, kernel)
    return Operands(Operand(forward, there), Operand(backward, back), kernel)


def packed(weight: Array, groups: int) -> Array:
    """Weight ``(out, in / groups, kh, kw)`` as ``(groups, kh * kw * in/g, out/g)``."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw).transpose(0, 3, 4, 2, 1)
    return np.ascontiguousarray(split).reshape(groups, kh * kw * depth, out // groups)


def unpacked(matrix: Array, shape: tuple[int, ...]) -> Array:
    """Inverse of `packed`, for a weight of `shape` ``(out, in / groups, kh, kw)``."""
    out, depth, kh, kw = shape
    groups = matrix.shape[0]
    split = matrix.reshape(groups, kh, kw, depth, out // groups).transpose(0, 4, 3, 1, 2)
    return np.ascontiguousarray(split).reshape(shape)


def _reversed(weight: Array, groups: int) -> Array:
    """The transpose's kernel: in and out exchanged within each group, both axes reversed."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw)[..., ::-1, ::-1]
    return split.swapaxes(1, 2).reshape(groups * depth, out // groups, kh, kw)


def by_group(image: Array, groups: int) -> list[Array]:
    """A view ``(positions, channels)`` of each group."""
    flat = image.reshape(-1, image.shape[3])
    depth = image.shape[3] // groups
    return [flat[:, group * depth : (group + 1) * depth] for group in range(groups)]
