"""Convolution as blocked GEMM: forward map, its transpose, and the gradient of its weight.

A tile of output positions, part of one sample or several whole ones, is gathered into a panel
(`_gather`), and one GEMM with the packed weight does the arithmetic. The transpose runs the same
steps backwards. Positions are counted through the batch: sample by sample, row by row.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import spread

Array = NDArray[Any]

# A GEMM lays out its weight anew for every tile: a panel has to be tall enough to be worth that.
_PANEL_BYTES = 1 << 22


_SAMPLES = 8  # of a batch whose weight gradients are summed before others are added

Span = tuple[int, int]
"""First position and the one after the last."""


class Window(NamedTuple):
    """Geometry of a sliding window over ``(height, width)``; `pad` is (top, left)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


def _tile(columns: int, itemsize: int, positions: int, batch: int) -> int:
    """Positions in a tile, for `positions` in a sample: whole samples, or an even part of one.

    At most a quarter of all, so that there is something to share among threads.
    """
    fitting = min(_PANEL_BYTES // (columns * itemsize), -(-batch * positions // 4))
    fitting = max(16, fitting)
    if fitting >= positions:
        return fitting // positions * positions
    return -(-positions // -(-positions // fitting))


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
    panel: Array, images: Array, first: int, group: int, size: tuple[int, int], window: Window
) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = images.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    # A row of the window that lies inside the image is one run in memory.
    runs = depth == channels and dilation[1] == 1
    lines = images.reshape(images.shape[0], height, width * channels)
    for row in range(len(panel)):
        sample, position = divmod(first + row, size[0] * size[1])
        oy, ox = divmod(position, size[1])
        column = 0
        for ky in range(kernel[0]):
            y = oy * stride[0] + ky * dilation[0] - pad[0]
            left = ox * stride[1] - pad[1]
            if runs and 0 <= y < height and left >= 0 and left + kernel[1] <= width:
                start, length = left * depth, kernel[1] * depth
                for c in range(length):
                    panel[row, column + c] = lines[sample, y, start + c]
                column += length
                continue
            for kx in range(kernel[1]):
                x = left + kx * dilation[1]
                if 0 <= y < height and 0 <= x < width:
                    for c in range(depth):
                        panel[row, column + c] = images[sample, y, x, group * depth + c]
                else:
                    for c in range(depth):
                        panel[row, column + c] = 0
                column += depth


@njit(nogil=True, cache=True)
def _scatter_add(
    panel: Array, images: Array, first: int, group: int, size: tuple[int, int], window: Window
) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = images.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    # A row of the window that lies inside the image is one run in memory.
    runs = depth == channels and dilation[1] == 1
    lines = images.reshape(images.shape[0], height, width * channels)
    for row in range(len(panel)):
        sample, position = divmod(first + row, size[0] * size[1])
        oy, ox = divmod(position, size[1])
        column = 0
        for ky in range(kernel[0]):
            y = oy * stride[0] + ky * dilation[0] - pad[0]
            left = ox * stride[1] - pad[1]
            if runs and 0 <= y < height and left >= 0 and left + kernel[1] <= width:
                start, length = left * depth, kernel[1] * depth
                for c in range(length):
                    lines[sample, y, start + c] += panel[row, column + c]
                column += length
                continue
            for kx in range(kernel[1]):
                x = left + kx * dilation[1]
                if 0 <= y < height and 0 <= x < width:
                    for c in range(depth):
                        images[sample, y, x, group * depth + c] += panel[row, column + c]
                column += depth


@njit(nogil=True, cache=True)
def _forward(
    x: Array, packed: Array, bias: Array, out: Array, tile: int, window: Window, span: Span
) -> None:
    groups, columns, depth = packed.shape
    size = (out.shape[1], out.shape[2])
    flat = out.reshape(-1, groups * depth)
    panel = np.empty((min(tile, span[1] - span[0]), columns), x.dtype)
    for first in range(span[0], span[1], tile):
        last = min(first + tile, span[1])
        rows = panel[: last - first]
        for group in range(groups):
            _gather(rows, x, first, group, size, window)
            if groups == 1:
                np.dot(rows, packed[0], flat[first:last])
            else:
                columns_of_group = slice(group * depth, (group + 1) * depth)
                flat[first:last, columns_of_group] = np.dot(rows, packed[group])
        if bias.size:
            for position in range(first, last):
                for c in range(groups * depth):
                    flat[position, c] += bias[c]


@njit(nogil=True, cache=True)
def _transpose(s: Array, packed: Array, out: Array, tile: int, window: Window, span: Span) -> None:
    groups, columns, depth = packed.shape
    size = (s.shape[1], s.shape[2])
    flat = s.reshape(-1, groups * depth)
    panel = np.empty((min(tile, span[1] - span[0]), columns), s.dtype)
    for first in range(span[0], span[1], tile):
        last = min(first + tile, span[1])
        rows = panel[: last - first]
        for group in range(groups):
            if groups == 1:
                np.dot(flat[first:last], packed[0].T, rows)
            else:
                columns_of_group = slice(group * depth, (group + 1) * depth)
                part = np.ascontiguousarray(flat[first:last, columns_of_group])
                np.dot(part, packed[group].T, rows)
            _scatter_add(rows, out, first, group, size, window)


@njit(nogil=True, cache=True)
def _weight_gradient(
    x: Array, g: Array, gradient: Array, tile: int, window: Window, span: Span
) -> None:
    groups, columns, depth = gradient.shape
    size = (g.shape[1], g.shape[2])
    flat = g.reshape(-1, groups * depth)
    panel = np.empty((min(tile, span[1] - span[0]), columns), x.dtype)
    for first in range(span[0], span[1], tile):
        last = min(first + tile, span[1])
        rows = panel[: last - first]
        for group in range(groups):
            columns_of_group = slice(group * depth, (group + 1) * depth)
            _gather(rows, x, first, group, size, window)
            part = np.ascontiguousarray(flat[first:last, columns_of_group])
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
    tile = _tile(packed.shape[1], x.itemsize, positions, len(x))
    spread(
        lambda first, last: _forward(image, packed, added, out, tile, window, (first, last)),
        len(x) * positions,
        tile,
    )
    return channels_first(out)


def convolve_transpose(
    s: Array, weight: Array, window: Window, groups: int, size: tuple[int, int]
) -> Array:
    """Transpose of `convolve`: ``(batch, out, oh, ow)`` to ``(batch, in, *size)``, added up."""
    # With stride 1 it is a convolution too, with the kernel turned round: better where the panel
    # of outputs is no wider than that of inputs.
    if window.stride == (1, 1) and len(weight) // groups <= weight.shape[1]:
        return convolve(s, _turned(weight, groups), None, _facing(window), groups, size)
    packed = pack(weight, groups)
    image = channels_last(s)
    out = np.zeros((len(s), *size, weight.shape[1] * groups), s.dtype)
    positions = image.shape[1] * image.shape[2]
    tile = _tile(packed.shape[1], s.itemsize, positions, len(s))
    spread(
        lambda first, last: _transpose(image, packed, out, tile, window, (first, last)),
        len(s) * positions,
        max(tile, positions),  # whole samples, because the windows of one overlap
    )
    return channels_first(out)


def _turned(weight: Array, groups: int) -> Array:
    """The kernel that leads back: in and out exchanged within each group, both axes reversed."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw)[..., ::-1, ::-1]
    return split.swapaxes(1, 2).reshape(groups * depth, out // groups, kh, kw)


def _facing(window: Window) -> Window:
    """The window of the outputs that an input reaches, for stride 1."""
    reach = zip(window.kernel, window.dilation, window.pad, strict=True)
    top, left = ((kernel - 1) * dilation - pad for kernel, dilation, pad in reach)
    return window._replace(pad=(top, left))


def convolve_weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...]
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch."""
    image, outer = channels_last(x), channels_last(g)
    out, depth, kh, kw = shape
    positions = outer.shape[1] * outer.shape[2]
    tile = _tile(kh * kw * depth, x.itemsize, positions, len(x))

    def piece(first: int, last: int) -> Array:
        gradient = np.zeros((groups, kh * kw * depth, out // groups), x.dtype)
        _weight_gradient(image, outer, gradient, tile, window, (first, last))
        return gradient

    first, *others = spread(piece, len(x) * positions, max(tile, _SAMPLES * positions))
    for other in others:
        first += other
    return unpack(first, shape)
