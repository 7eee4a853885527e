"""The winner of each window of a max-pool: how it is found, and values taken from or added to it.

The winner is the largest value of the window, the first of equal ones in row order; NaN is larger
than any number, as for ``np.argmax``. Only positions inside the image take part: neither padding
nor the clipped end of the last window in ceil mode can win.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

NO_WINNER = np.uint8(255)  # after a ReLU: no value in the window is above 0
MOST_PLACES = 255  # in a window, for its winner's place to fit into a byte


class Winners(NamedTuple):
    """The winner of each window of a pool, with a ReLU before it, over an image of ``size``.

    ``place`` is ``(batch, height, width, channels)`` of the pooled image: the position within the
    window, counted row by row, or `NO_WINNER` where no value is above 0.
    """

    place: NDArray[np.uint8]
    window: Window
    size: tuple[int, int]


# The loops over channels write in every pass, without a branch, so that they run on SIMD vectors.


@compiled(inline="always")
def _find_winners(
    image: Array,
    top: int,
    left: int,
    kernel: tuple[int, int],
    dilation: tuple[int, int],
    best: Array,
    which: Array,
) -> None:
    """The winner's value and place in one window of ``(height, width, channels)``, by channel.

    The window begins at `top` and `left`, which are negative where it begins in the padding.
    """
    height, width, channels = image.shape
    none = np.int32(0)
    # Within the image: the first place, and the one after the last, rounded up.
    first_row, first_column = max(0, -(top // dilation[0])), max(0, -(left // dilation[1]))
    end_row = min(kernel[0], -((top - height) // dilation[0]))
    end_column = min(kernel[1], -((left - width) // dilation[1]))
    first = np.int32(first_row * kernel[1] + first_column)
    for c in range(channels):
        best[c] = -np.inf
    for c in range(channels):
        which[c] = first
    for ky in range(first_row, end_row):
        for kx in range(first_column, end_column):
            number = np.int32(ky * kernel[1] + kx)
            given = image[top + ky * dilation[0], left + kx * dilation[1]]
            for c in range(channels):
                first_nan = (given[c] != given[c]) & (best[c] == best[c])
                wins = (given[c] > best[c]) | first_nan
                which[c] += number - which[c] if wins else none
                best[c] = given[c] if wins else best[c]


@compiled()
def places(image: Array, place: Array, window: Window) -> None:
    """The place of each window's winner into `place`, int32."""
    kernel, stride, pad, dilation = window
    best = np.empty(image.shape[3], image.dtype)
    for sample in range(place.shape[0]):
        for oy in range(place.shape[1]):
            for ox in range(place.shape[2]):
                top, left = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
                which = place[sample, oy, ox]
                _find_winners(image[sample], top, left, kernel, dilation, best, which)


@compiled()
def rectified_maxima(image: Array, bias: Array, out: Array, place: Array, window: Window) -> None:
    """``max(max over the window of image + bias, 0)`` into `out`, its place into `place`.

    The windows are not dilated.
    """
    kernel, stride, pad, _ = window
    channels = image.shape[3]
    best, which = np.empty(channels, image.dtype), np.empty(channels, np.int32)
    zero = image.dtype.type(0)
    for sample in range(out.shape[0]):
        for oy in range(out.shape[1]):
            for ox in range(out.shape[2]):
                top, left = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
                _find_winners(image[sample], top, left, kernel, (1, 1), best, which)
                y, where = out[sample, oy, ox], place[sample, oy, ox]
                for c in range(channels):
                    value = best[c] + bias[c]
                    y[c] = zero if value <= zero else value
                for c in range(channels):
                    where[c] = NO_WINNER if y[c] <= zero else which[c]


@compiled()
def select(image: Array, place: Array, out: Array, window: Window) -> None:
    """The values of `image` at the winners into `out`, and 0 where there is no winner."""
    kernel, stride, pad, dilation = window
    samples, height, width, channels = image.shape
    zero = image.dtype.type(0)
    for sample in range(samples):
        for oy in range(out.shape[1]):
            for ox in range(out.shape[2]):
                for c in range(channels):
                    out[sample, oy, ox, c] = zero
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number = place.dtype.type(ky * kernel[1] + kx)
                            for c in range(channels):
                                won = place[sample, oy, ox, c] == number
                                out[sample, oy, ox, c] += image[sample, y, x, c] if won else zero


@compiled()
def add_at_winners(values: Array, place: Array, image: Array, window: Window) -> None:
    """Transpose of `select`: add `values` to `image` at the winners that lie inside it."""
    kernel, stride, pad, dilation = window
    samples, height, width, channels = image.shape
    zero = image.dtype.type(0)
    for sample in range(samples):
        for oy in range(values.shape[1]):
            for ox in range(values.shape[2]):
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number = place.dtype.type(ky * kernel[1] + kx)
                            for c in range(channels):
                                won = place[sample, oy, ox, c] == number
                                image[sample, y, x, c] += values[sample, oy, ox, c] if won else zero
