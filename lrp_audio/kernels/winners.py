"""The winner of each window of a max-pool: how it is found, and values taken from or added to it.

The winner is the largest value of the window, the first of equal ones in row order; NaN is larger
than any number, as for ``np.argmax``. Only positions inside the image take part: neither padding
nor the clipped end of the last window in ceil mode can win.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

NO_WINNER = np.uint8(255)  # after a ReLU: no value in the window is above 0
NO_PLACE = np.empty((0, 0, 0, 0), np.uint8)
NO_PLACE.flags.writeable = False
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


@part
def _find_winners(
    image: Array,
    size: tuple[int, int],
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
    height, width = size
    channels, none = len(best), np.int32(0)
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
    size = image.shape[1:3]
    best = np.empty(image.shape[3], image.dtype)
    for sample in range(place.shape[0]):
        for oy in range(place.shape[1]):
            for ox in range(place.shape[2]):
                top, left = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
                which = place[sample, oy, ox]
                _find_winners(image[sample], size, top, left, kernel, dilation, best, which)


Block = tuple[int, int, int, int, int, int]
"""Of a batch of images: first and last sample, row and column; the last ones not included."""


@part
def rectified_maxima(
    image: Array,
    size: tuple[int, int],
    bias: Array,
    out: Array,
    place: Array,
    block: Block,
    window: Window,
    best: Array,
    which: Array,
) -> None:
    """``max(max over the window of image + bias, 0)`` into `out`, its place into `place`.

    Only a `block` of these is computed, whose windows see the corner of `size` of `image`. The
    windows are not dilated.
    """
    kernel, stride, pad, _ = window
    first, last, top, bottom, left, right = block
    channels = out.shape[3]
    best, which = best[:channels], which[:channels]
    zero = image.dtype.type(0)
    for sample in range(last - first):
        for oy in range(bottom - top):
            for ox in range(right - left):
                y0, x0 = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
                _find_winners(image[sample], size, y0, x0, kernel, (1, 1), best, which)
                y = out[first + sample, top + oy, left + ox]
                where = place[first + sample, top + oy, left + ox]
                for c in range(channels):
                    value = best[c] + bias[c]
                    y[c] = zero if value <= zero else value
                for c in range(channels):
                    where[c] = NO_WINNER if y[c] <= zero else which[c]


@part
def select(
    image: Array,
    size: tuple[int, int],
    place: Array,
    bias: Array,
    out: Array,
    block: Block,
    window: Window,
) -> None:
    """The values of `image` at the winners plus `bias`, into a `block` of `out`.

    Where there is no winner, that is `bias`. Of `image` only the corner of `size` is filled.
    """
    _, stride, pad, _ = window
    first, last, top, bottom, left, right = block
    for sample in range(last - first):
        for oy in range(bottom - top):
            for ox in range(right - left):
                made = out[first + sample, top + oy, left + ox]
                which = place[first + sample, top + oy, left + ox]
                for c in range(len(made)):
                    made[c] = bias[c]
                y0, x0 = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
                selected(image[sample], size, y0, x0, which, window, made)


@part
def selected(
    image: Array,
    size: tuple[int, int],
    top: int,
    left: int,
    which: Array,
    pool: Window,
    found: Array,
) -> None:
    """Add the values at the winners of one window to `found`, ``(channels,)``."""
    kernel, _, _, dilation = pool
    zero = image.dtype.type(0)
    for ky in range(kernel[0]):
        y = top + ky * dilation[0]
        for kx in range(kernel[1]):
            x = left + kx * dilation[1]
            if 0 <= y < size[0] and 0 <= x < size[1]:
                number = which.dtype.type(ky * kernel[1] + kx)
                given = image[y, x]
                for c in range(len(found)):
                    found[c] += given[c] if which[c] == number else zero


@part
def add_at_winners(values: Array, place: Array, image: Array, window: Window) -> None:
    """Add `values` to `image` at the winners that lie inside it."""
    kernel, stride, pad, dilation = window
    samples, height, width, channels = image.shape
    zero = image.dtype.type(0)
    # The windows that see any of the image.
    reach = ((kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1])
    top = max(0, -(-(pad[0] - reach[0]) // stride[0]))
    left = max(0, -(-(pad[1] - reach[1]) // stride[1]))
    bottom = min(values.shape[1], (height - 1 + pad[0]) // stride[0] + 1)
    right = min(values.shape[2], (width - 1 + pad[1]) // stride[1] + 1)
    for sample in range(samples):
        for oy in range(top, bottom):
            for ox in range(left, right):
                given, which = values[sample, oy, ox], place[sample, oy, ox]
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            number = place.dtype.type(ky * kernel[1] + kx)
                            into = image[sample, y, x]
                            for c in range(channels):
                                into[c] += given[c] if which[c] == number else zero
