"""Pooling over windows of any size and overlap: maxima, winners, sums and their transpose.

Positions outside the image (padding, and the clipped end of the last window in ceil mode) count for
nothing.
"""

import numpy as np

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import Winners, add_at_winners, places
from lrp_audio.types import Array

_add_at_winners = compiled()(add_at_winners)


@compiled()
def _maximum(x: Array, out: Array, window: Window) -> None:
    kernel, stride, pad, dilation = window
    samples, height, width, channels = x.shape
    for sample in range(samples):
        for oy in range(out.shape[1]):
            for ox in range(out.shape[2]):
                empty = True
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            if empty:
                                for c in range(channels):
                                    out[sample, oy, ox, c] = x[sample, row, column, c]
                                empty = False
                            else:
                                for c in range(channels):
                                    value = x[sample, row, column, c]
                                    best = out[sample, oy, ox, c]
                                    larger = value if value > best else best
                                    out[sample, oy, ox, c] = larger if value == value else value


@compiled()
def _window_sums(x: Array, sums: Array, window: Window) -> None:
    kernel, stride, pad, dilation = window
    samples, height, width, channels = x.shape
    for sample in range(samples):
        for oy in range(sums.shape[1]):
            for ox in range(sums.shape[2]):
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            for c in range(channels):
                                sums[sample, oy, ox, c] += x[sample, row, column, c]


@compiled()
def _spread_windows(sums: Array, x: Array, window: Window) -> None:
    kernel, stride, pad, dilation = window
    samples, height, width, channels = x.shape
    for sample in range(samples):
        for oy in range(sums.shape[1]):
            for ox in range(sums.shape[2]):
                for ky in range(kernel[0]):
                    row = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        column = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= row < height and 0 <= column < width:
                            for c in range(channels):
                                x[sample, row, column, c] += sums[sample, oy, ox, c]


def maximum(x: Array, window: Window, size: tuple[int, int]) -> Array:
    """Largest value of each window: ``(batch, channels, h, w)`` to ``(batch, channels, *size)``.

    NaN propagates.
    """
    image = channels_last(x)
    out = np.empty((len(x), *size, x.shape[1]), x.dtype)
    parallel_for(lambda i, j: _maximum(image[i:j], out[i:j], window), len(x), 1)
    return channels_first(out)


def to_winners(x: Array, share: Array, window: Window) -> Array:
    """Add each window's `share` to its winner in `x`; overlaps add up.

    `x` is ``(batch, channels, h, w)``, which the result has as well; `share` has the pooled shape.
    """
    image, given = channels_last(x), channels_last(share)
    out = np.zeros(image.shape, share.dtype)

    def piece(first: int, last: int) -> None:
        part = slice(first, last)
        place = np.empty(given[part].shape, np.int32)
        places(image[part], place, window)
        _add_at_winners(given[part], place, out[part], window)

    parallel_for(piece, len(x), 1)
    return channels_first(out)


def hand_to_winners(share: Array, winners: Winners) -> Array:
    """Add each window's `share` to its winner, in an image of zeros; overlaps add up."""
    given = channels_last(share)
    out = np.zeros((len(given), *winners.size, given.shape[3]), share.dtype)

    def piece(first: int, last: int) -> None:
        part = slice(first, last)
        _add_at_winners(given[part], winners.place[part], out[part], winners.window)

    parallel_for(piece, len(given), 1)
    return channels_first(out)


def window_sums(x: Array, window: Window, size: tuple[int, int]) -> Array:
    """Sum of each window: ``(batch, channels, h, w)`` to ``(batch, channels, *size)``."""
    image = channels_last(x)
    sums = np.zeros((len(x), *size, x.shape[1]), x.dtype)
    parallel_for(lambda i, j: _window_sums(image[i:j], sums[i:j], window), len(x), 1)
    return channels_first(sums)


def spread_windows(s: Array, window: Window, size: tuple[int, int]) -> Array:
    """Transpose of `window_sums`, for an input of spatial `size`."""
    sums = channels_last(s)
    image = np.zeros((len(s), *size, s.shape[1]), s.dtype)
    parallel_for(lambda i, j: _spread_windows(sums[i:j], image[i:j], window), len(s), 1)
    return channels_first(image)
