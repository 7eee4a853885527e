"""A convolution's weight laid out for the products with it, in both directions."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrp_audio.kernels import depthwise, winograd
from lrp_audio.kernels.microkernel import tile_width
from lrp_audio.kernels.operand import DEPTHWISE, DIRECT, WINOGRAD, Operand
from lrp_audio.types import Array

_MIN_CHANNELS = 8  # of an input: with fewer, the product of the transpose is too narrow to be fast


@dataclass(frozen=True)
class Operands:
    """The operand of a convolution and that of its transpose.

    With stride 1 the transpose is a convolution as well, with the kernel reversed, and `backward`
    the operand of that. Otherwise (`reverses` is False) it is the matrix of the transposed product
    for each output, whose columns are added to the input's windows.
    """

    forward: Operand
    backward: Operand
    reverses: bool
    matrix: Array
    kernel: tuple[int, int]

    @cached_property
    def filters(self) -> Array:
        """The weights of each output in one piece, ``(groups, out/g, kh, kw * in/g)``."""
        groups, columns, made = self.matrix.shape
        by_output = np.ascontiguousarray(self.matrix.transpose(0, 2, 1))
        return by_output.reshape(groups, made, self.kernel[0], columns // self.kernel[0])


def pack(
    weight: Array, stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> Operands:
    """Weight ``(out, in / groups, kh, kw)`` of a convolution, laid out in both directions.

    A weight of one sign is never transformed in the forward direction: its sums have no
    cancellation, and rules divide by them.
    """
    kernel = (weight.shape[2], weight.shape[3])
    matrix = packed(weight, groups)
    if depthwise.suits(matrix.shape, math.prod(kernel)):
        operand = depthwise_operand(matrix)
        return Operands(operand, operand, False, matrix, kernel)
    filtered = math.prod(stride) == math.prod(dilation) == 1 and winograd.suits(weight, groups)
    mixed = filtered and bool(weight.min() < 0 < weight.max())
    forward = _operand(matrix, kernel, mixed)
    if math.prod(stride) > 1 or weight.shape[1] < _MIN_CHANNELS:
        transposed = np.ascontiguousarray(matrix.transpose(0, 2, 1))
        return Operands(forward, _operand(transposed, (1, 1), False), False, matrix, kernel)
    backward = packed(_reversed(weight, groups), groups)
    return Operands(forward, _operand(backward, kernel, filtered), True, matrix, kernel)


def depthwise_operand(matrix: Array) -> Operand:
    """The operand of a depthwise weight ``(groups, kh * kw, out/g)``."""
    groups, columns, made = matrix.shape
    taps = np.ascontiguousarray(matrix.transpose(1, 0, 2)).reshape(-1).view()
    taps.flags.writeable = False
    return Operand(DEPTHWISE, taps, groups, 1, 1, made, made)


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


def in_panels(matrices: Array, width: int) -> Array:
    """``(..., rows, columns)`` as ``(..., panels, rows, width)``, the last filled up with zeros."""
    *others, rows, columns = matrices.shape
    panels = -(-columns // width)
    filled = np.zeros((*others, rows, panels * width), matrices.dtype)
    filled[..., :columns] = matrices
    return np.moveaxis(filled.reshape(*others, rows, panels, width), -2, -3)


def _operand(matrix: Array, kernel: tuple[int, int], filtered: bool) -> Operand:
    groups, columns, made = matrix.shape
    width = tile_width(matrix.dtype)
    depth, panels = columns // math.prod(kernel), -(-made // width)
    if filtered:  # (groups, products, panels, depth, width)
        split = in_panels(winograd.transform_weight(matrix, kernel), width).swapaxes(1, 2)
    else:
        split = in_panels(matrix, width)
    weight = np.ascontiguousarray(split).reshape(-1).view()
    weight.flags.writeable = False
    kind = WINOGRAD if filtered else DIRECT
    return Operand(kind, weight, groups, panels, depth, made, width)


def _reversed(weight: Array, groups: int) -> Array:
    """The transpose's kernel: in and out exchanged within each group, both axes reversed."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw)[..., ::-1, ::-1]
    return split.swapaxes(1, 2).reshape(groups * depth, out // groups, kh, kw)
