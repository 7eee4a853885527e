"""What max-pooling keeps of an image: the winner of each window, and values at the winners."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

NOBODY = np.uint8(255)  # won: nothing in the window is above 0
MOST_PLACES = 255  # in a window: a winner's place is one byte


class Winners(NamedTuple):
    """Which position of each window of a pool was the largest, over an image of ``size``.

    ``place`` is ``(batch, height, width, channels)`` of the pooled image and counts the positions
    of a window row by row; the first of equal ones wins, and NaN wins
    over numbers. It is `NOBODY` where none is above 0.
    """

    place: NDArray[np.uint8]
    window: Window
    size: tuple[int, int]


# The loops over channels run on whole vectors: each writes what it writes without a branch.


@compiled()
def rectified_maxima(image: Array, bias: Array, out: Array, place: Array, window: Window) -> None:
    """``max(max over the window of image + bias, 0)`` into `out`, its place into `place`."""
    kernel, stride, pad, _ = window
    samples, height, width, channels = image.shape
    best, which = np.empty(channels, image.dtype), np.empty(channels, np.int32)
    zero, none = image.dtype.type(0), np.int32(0)
    for sample in range(samples):
        for oy in range(out.shape[1]):
            for ox in range(out.shape[2]):
                for c in range(channels):
                    best[c] = -np.inf
                for c in range(channels):
                    which[c] = none
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number, given = np.int32(ky * kernel[1] + kx), image[sample, y, x]
                            for c in range(channels):
                                # The first NaN is larger than any number, as for np.argmax.
                                is_nan, was_nan = given[c] != given[c], best[c] != best[c]
                                larger = (given[c] > best[c]) | (is_nan & (not was_nan))
                                which[c] += number - which[c] if larger else none
                                best[c] = given[c] if larger else best[c]
                made, where = out[sample, oy, ox], place[sample, oy, ox]
                for c in range(channels):
                    value = best[c] + bias[c]
                    made[c] = zero if value <= zero else value
                for c in range(channels):
                    where[c] = NOBODY if made[c] <= zero else which[c]


@compiled()
def select(image: Array, place: Array, out: Array, window: Window) -> None:
    """The values of `image` at the winners into `out`, and 0 where nobody won."""
    kernel, stride, pad, _ = window
    samples, height, width, channels = image.shape
    zero = image.dtype.type(0)
    for sample in range(samples):
        for oy in range(out.shape[1]):
            for ox in range(out.shape[2]):
                for c in range(channels):
                    out[sample, oy, ox, c] = zero
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number = np.uint8(ky * kernel[1] + kx)
                            for c in range(channels):
                                won = place[sample, oy, ox, c] == number
                                out[sample, oy, ox, c] += image[sample, y, x, c] if won else zero


@compiled()
def add_at_winners(values: Array, place: Array, image: Array, window: Window) -> None:
    """Transpose of `select`: add `values` to `image` at the winners that lie inside it."""
    kernel, stride, pad, _ = window
    samples, height, width, channels = image.shape
    zero = image.dtype.type(0)
    for sample in range(samples):
        for oy in range(values.shape[1]):
            for ox in range(values.shape[2]):
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number = np.uint8(ky * kernel[1] + kx)
                            for c in range(channels):
                                won = place[sample, oy, ox, c] == number
                                image[sample, y, x, c] += values[sample, oy, ox, c] if won else zero
