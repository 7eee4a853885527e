"""Convolution as blocked GEMM: forward map, its transpose, and the gradient of its weight.

A tile of output positions is gathered into a panel that stays in the cache (`_gather`), and one
GEMM with the packed weight does the arithmetic. The transpose runs the same steps backwards.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import spread

Array = NDArray[Any]

_PANEL_BYTES = 1 << 19  # a panel of this size stays in a second-level cache beside the weight


class Window(NamedTuple):
    """Geometry of a sliding window over ``(height, width)``; `pad` is (top, left)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


def _tile(columns: int, itemsize: int, positions: int) -> int:
    return max(16, min(positions, _PANEL_BYTES // (columns * itemsize)))


def pack(weight: Array, groups: int) -> Array:
    """Weight ``(out, in / groups, kh, kw)`` as GEMM operand ``(groups, kh * kw * in/g, out/g)``."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw).transpose(0, 3, 4, 2, 1)
    return np.ascontiguousarray(split).reshape(groups, kh * kw * depth, out // groups)


def unpack(packed: Array, shape: tuple[int, ...]) -> Array:
    """Inverse of `pack`, for a weight of `shape` ``(out, in / groups, kh, kw)``."""
    out, depth, kh, kw = shape
    groups = packed.shape[0]
    split = packed.reshape(groups, kh, kw, depth, out // groups).transpose(0, 4, 3, 1, 2)
    return np.ascontiguousarray(split).reshape(shape)


@njit(nogil=True, cache=True)
def _gather(
    panel: Array, image: Array, first: int, last: int, group: int, ow: int, window: Window
) -> None:
    kernel, stride, pad, dilation = window
    height, width, _ = image.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    for row in range(last - first):
        oy, ox = divmod(first + row, ow)
        column = 0
        for ky in range(kernel[0]):
            y = oy * stride[0] + ky * dilation[0] - pad[0]
            for kx in range(kernel[1]):
                x = ox * stride[1] + kx * dilation[1] - pad[1]
                if 0 <= y < height and 0 <= x < width:
                    for c in range(depth):
                        panel[row, column + c] = image[y, x, group * depth + c]
                else:
                    for c in range(depth):
                        panel[row, column + c] = 0
                column += depth


@njit(nogil=True, cache=True)
def _scatter_add(
    panel: Array, image: Array, first: int, last: int, group: int, ow: int, window: Window
) -> None:
    kernel, stride, pad, dilation = window
    height, width, _ = image.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    for row in range(last - first):
        oy, ox = divmod(first + row, ow)
        column = 0
        for ky in range(kernel[0]):
            y = oy * stride[0] + ky * dilation[0] - pad[0]
            for kx in range(kernel[1]):
                x = ox * stride[1] + kx * dilation[1] - pad[1]
                if 0 <= y < height and 0 <= x < width:
                    for c in range(depth):
                        image[y, x, group * depth + c] += panel[row, column + c]
                column += depth


@njit(nogil=True, cache=True)
def _forward(
    x: Array,
    packed: Array,
    bias: Array,
    out: Array,
    tile: int,
    window: Window,
    first_tile: int,
    last_tile: int,
) -> None:
    _, oh, ow, _ = out.shape
    positions = oh * ow
    groups, columns, depth = packed.shape
    tiles = (positions + tile - 1) // tile
    flat = out.reshape(out.shape[0], positions, groups * depth)
    panel = np.empty((tile, columns), x.dtype)
    for index in range(first_tile, last_tile):
        sample, first = index // tiles, (index % tiles) * tile
        last = min(first + tile, positions)
        rows = panel[: last - first]
        for group in range(groups):
            _gather(rows, x[sample], first, last, group, ow, window)
            if groups == 1:
                np.dot(rows, packed[0], flat[sample, first:last])
            else:
                columns_of_group = slice(group * depth, (group + 1) * depth)
                flat[sample, first:last, columns_of_group] = np.dot(rows, packed[group])
        if bias.size:
            for position in range(first, last):
                for c in range(groups * depth):
                    flat[sample, position, c] += bias[c]


@njit(nogil=True, cache=True)
def _transpose(
    s: Array,
    packed: Array,
    out: Array,
    tile: int,
    window: Window,
    first_sample: int,
    last_sample: int,
) -> None:
    _, oh, ow, _ = s.shape
    positions = oh * ow
    groups, columns, depth = packed.shape
    flat = s.reshape(s.shape[0], positions, groups * depth)
    panel = np.empty((tile, columns), s.dtype)
    for sample in range(first_sample, last_sample):
        for group in range(groups):
            for first in range(0, positions, tile):
                last = min(first + tile, positions)
                rows = panel[: last - first]
                if groups == 1:
                    np.dot(flat[sample, first:last], packed[0].T, rows)
                else:
                    columns_of_group = slice(group * depth, (group + 1) * depth)
                    part = np.ascontiguousarray(flat[sample, first:last, columns_of_group])
                    np.dot(part, packed[group].T, rows)
                _scatter_add(rows, out[sample], first, last, group, ow, window)


@njit(nogil=True, cache=True)
def _weight_gradient(
    x: Array,
    g: Array,
    gradient: Array,
    tile: int,
    window: Window,
    first_sample: int,
    last_sample: int,
) -> None:
    _, oh, ow, _ = g.shape
    positions = oh * ow
    groups, columns, depth = gradient.shape
    flat = g.reshape(g.shape[0], positions, groups * depth)
    panel = np.empty((tile, columns), x.dtype)
    for sample in range(first_sample, last_sample):
        for group in range(groups):
            columns_of_group = slice(group * depth, (group + 1) * depth)
            for first in range(0, positions, tile):
                last = min(first + tile, positions)
                rows = panel[: last - first]
                _gather(rows, x[sample], first, last, group, ow, window)
                part = np.ascontiguousarray(flat[sample, first:last, columns_of_group])
                gradient[group] += np.dot(rows.T, part)


def convolve(
    x: Array,
    weight: Array,
    bias: Array | None,
    window: Window,
    groups: int,
    size: tuple[int, int],
) -> Array:
    """Convolution plus bias: ``(batch, in, h, w)`` to ``(batch, out, *size)``."""
    packed = pack(weight, groups)
    added = np.empty(0, x.dtype) if bias is None else bias
    image = channels_last(x)
    out = np.empty((len(x), *size, weight.shape[0]), x.dtype)
    positions = size[0] * size[1]
    tile = _tile(packed.shape[1], x.itemsize, positions)
    tiles = -(-positions // tile)
    spread(
        lambda first, last: _forward(image, packed, added, out, tile, window, first, last),
        len(x) * tiles,
        max(1, -(-tiles // 2)),
    )
    return channels_first(out)


def convolve_transpose(
    s: Array, weight: Array, window: Window, groups: int, size: tuple[int, int]
) -> Array:
    """Transpose of `convolve`: ``(batch, out, oh, ow)`` to ``(batch, in, *size)``, added up."""
    packed = pack(weight, groups)
    image = channels_last(s)
    out = np.zeros((len(s), *size, weight.shape[1] * groups), s.dtype)
    tile = _tile(packed.shape[1], s.itemsize, image.shape[1] * image.shape[2])
    spread(lambda first, last: _transpose(image, packed, out, tile, window, first, last), len(s), 1)
    return channels_first(out)


def convolve_weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...]
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch."""
    image, outer = channels_last(x), channels_last(g)
    out, depth, kh, kw = shape
    tile = _tile(kh * kw * depth, x.itemsize, outer.shape[1] * outer.shape[2])

    def piece(first: int, last: int) -> Array:
        gradient = np.zeros((groups, kh * kw * depth, out // groups), x.dtype)
        _weight_gradient(image, outer, gradient, tile, window, first, last)
        return gradient

    first, *others = spread(piece, len(x), 8)
    for other in others:
        first += other
    return unpack(first, shape)
