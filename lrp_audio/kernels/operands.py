"""A convolution's weight laid out for GEMM, in both directions, and the products with it."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lrp_audio.kernels import depthwise, minimal
from lrp_audio.kernels.windows import Window, gathered
from lrp_audio.types import Array

_CACHE_BYTES = 1 << 20  # of what a tile needs at least, or as many as its weight
_TALLER = 4  # times as much is better: a GEMM lays its weight out anew for each tile
_SHARED = 8  # but so many tiles are left for threads to share
_NARROW = 8  # channels: of fewer, a GEMM makes little


class Operand(NamedTuple):
    """A weight as ``(groups, kh * kw * in/g, out/g)``, and transformed where that saves products.

    ``points`` is what `minimal` takes, or None.
    """

    packed: Array
    points: Array | None

    @property
    def channels(self) -> int:
        """How many come out, of all groups."""
        return int(self.packed.shape[0] * self.packed.shape[2])

    def rows(self, batch: int, rows: int, positions: int) -> int:
        """How many rows of `positions` make a tile, of a `batch` of images with so many `rows`.

        A tile is to stay in the processor's cache and to be worth laying its weight out; there are
        at least two. An image that is transformed is taken whole: its sixteen weights are large.
        """
        groups, columns, depth = self.packed.shape
        if self.points is None:
            for_each, weight = columns + self.channels, columns * depth
        else:
            _, points, given, _ = self.points.shape
            for_each, weight = points * groups * (given + depth) // 4, self.points.size
        room = max(_CACHE_BYTES // self.packed.itemsize, weight) // (for_each * positions)
        shared = -(-batch * rows // _SHARED)
        whole = rows if self.points is not None and self.points.shape[1] > 6 else 1
        most = max(room, min(_TALLER * room, shared))
        return int(max(whole, min(most, -(-batch * rows // 2))))

    def products(self, images: Array, window: Window, z: Array) -> None:
        """The windows of channels-last `images` times the weight, into `z` ``(n, h, w, out)``."""
        signal = z.shape[2] == 1 and images.shape[2] == 1
        if self.points is not None and (signal or window.kernel == minimal.IMAGE):
            minimal.products(images, self.points, window, z)
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
    """The operand of a convolution and, with stride 1, the one of its transpose (else None).

    That transpose is a convolution as well, with the kernel turned round.
    """

    forward: Operand
    backward: Operand | None
    kernel: tuple[int, int]

    @cached_property
    def filters(self) -> Array:
        """Each output's weights by themselves, ``(groups, out/g, kh, kw * in/g)``."""
        groups, columns, made = self.forward.packed.shape
        turned = np.ascontiguousarray(self.forward.packed.transpose(0, 2, 1))
        return turned.reshape(groups, made, self.kernel[0], columns // self.kernel[0])


def pack(
    weight: Array, stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> Operands:
    """Weight ``(out, in / groups, kh, kw)`` of a convolution, laid out for GEMM.

    A weight of one sign is never transformed: its sums have no cancellation, and rules divide by
    them.
    """
    kernel = (weight.shape[2], weight.shape[3])
    forward = packed(weight, groups)
    if math.prod(stride) > 1 or weight.shape[1] < _NARROW:
        return Operands(Operand(forward, None), None, kernel)
    backward = packed(_turned(weight, groups), groups)
    there, back = None, None
    if math.prod(dilation) == 1 and minimal.suits(weight, groups):
        back = minimal.transform_weight(backward, kernel)
        if weight.min() < 0 < weight.max():
            there = minimal.transform_weight(forward, kernel)
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


def _turned(weight: Array, groups: int) -> Array:
    """The kernel that leads back: in and out exchanged within each group, both axes reversed."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw)[..., ::-1, ::-1]
    return split.swapaxes(1, 2).reshape(groups * depth, out // groups, kh, kw)


def by_group(image: Array, groups: int) -> list[Array]:
    """Views ``(positions, channels of a group)``."""
    flat = image.reshape(-1, image.shape[3])
    depth = image.shape[3] // groups
    return [flat[:, group * depth : (group + 1) * depth] for group in range(groups)]
