"""Pooling over windows of any size and overlap: maxima, winners, sums and their transpose."""

import numpy as np

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import spread
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import Winners, add_at_winners
from lrp_audio.types import Array


@compiled()
def _maximum(x: Array, out: Array, window: Window, first_sample: int, last_sample: int) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = x.shape
    _, oh, ow, _ = out.shape
    for sample in range(first_sample, last_sample):
        for oy in range(oh):
            for ox in range(ow):
                fresh = True
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= column < width:
                            if fresh:
                                for c in range(channels):
                                    out[sample, oy, ox, c] = x[sample, y, column, c]
                                fresh = False
                            else:
                                for c in range(channels):
                                    value = x[sample, y, column, c]
                                    best = out[sample, oy, ox, c]
                                    larger = value if value > best else best
                                    out[sample, oy, ox, c] = larger if value == value else value


@compiled()
def _to_winners(
    x: Array,
    y: Array,
    share: Array,
    out: Array,
    window: Window,
    first_sample: int,
    last_sample: int,
) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = x.shape
    _, oh, ow, _ = y.shape
    left, zero = np.empty(channels, share.dtype), share.dtype.type(0)
    for sample in range(first_sample, last_sample):
        for oy in range(oh):
            for ox in range(ow):
                for c in range(channels):
                    left[c] = share[sample, oy, ox, c]
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            for c in range(channels):
                                value = x[sample, row, column, c]
                                won = (value == y[sample, oy, ox, c]) | (value != value)
                                out[sample, row, column, c] += left[c] if won else zero
                                left[c] = zero if won else left[c]


@compiled()
def _window_sums(x: Array, sums: Array, window: Window, first: int, last: int) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = x.shape
    _, oh, ow, _ = sums.shape
    for sample in range(first, last):
        for oy in range(oh):
            for ox in range(ow):
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            for c in range(channels):
                                sums[sample, oy, ox, c] += x[sample, row, column, c]


@compiled()
def _spread_windows(sums: Array, x: Array, window: Window, first: int, last: int) -> None:
    kernel, stride, pad, dilation = window
    _, height, width, channels = x.shape
    _, oh, ow, _ = sums.shape
    for sample in range(first, last):
        for oy in range(oh):
            for ox in range(ow):
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            for c in range(channels):
                                x[sample, row, column, c] += sums[sample, oy, ox, c]


def maximum(x: Array, window: Window, size: tuple[int, int]) -> Array:
    """Largest value of each window: ``(batch, channels, h, w)`` to ``(batch, channels, *size)``.

    Positions outside the input (padding, the clipped last window of ceil mode) never win.
    """
    image = channels_last(x)
    out = np.empty((len(x), *size, x.shape[1]), x.dtype)
    spread(lambda first, last: _maximum(image, out, window, first, last), len(x), 1)
    return channels_first(out)


def to_winners(x: Array, y: Array, share: Array, window: Window) -> Array:
    """Hand each window's `share` to its first position where ``x == y``; overlaps are added up.

    `x` is ``(batch, channels, h, w)``; `y` and `share` have the pooled shape. One winner a window,
    the first in row order on ties.
    """
    image = channels_last(x)
    pooled, given = channels_last(y), channels_last(share)
    out = np.zeros(image.shape, share.dtype)
    spread(
        lambda first, last: _to_winners(image, pooled, given, out, window, first, last), len(x), 1
    )
    return channels_first(out)


def hand_to_winners(share: Array, winners: Winners) -> Array:
    """Hand each window's `share` to its winner; overlaps are added up."""
    given = channels_last(share)
    out = np.zeros((len(given), *winners.size, given.shape[3]), share.dtype)

    def piece(first: int, last: int) -> None:
        part = slice(first, last)
        add_at_winners(given[part], winners.place[part], out[part], winners.window)

    spread(piece, len(given), 1)
    return channels_first(out)


def window_sums(x: Array, window: Window, size: tuple[int, int]) -> Array:
    """Sum of each window: ``(batch, channels, h, w)`` to ``(batch, channels, *size)``."""
    image = channels_last(x)
    sums = np.zeros((len(x), *size, x.shape[1]), x.dtype)
    spread(lambda first, last: _window_sums(image, sums, window, first, last), len(x), 1)
    return channels_first(sums)


def spread_windows(s: Array, window: Window, size: tuple[int, int]) -> Array:
    """Transpose of `window_sums`, for an input of spatial `size`."""
    sums = channels_last(s)
    image = np.zeros((len(s), *size, s.shape[1]), s.dtype)
    spread(lambda first, last: _spread_windows(sums, image, window, first, last), len(s), 1)
    return channels_first(image)
