"""Sliding windows over channels-last images; a signal is an image of height 1."""

from typing import NamedTuple

import numpy as np

from lrp_audio.kernels.parts import part
from lrp_audio.types import Array


class Window(NamedTuple):
    """Geometry of a sliding window over ``(height, width)``; `pad` is (top, left)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    def extent(self, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width that `size` windows cover together, padding included."""
        tall, wide = (
            (n - 1) * s + (k - 1) * d + 1
            for n, k, s, d in zip(size, self.kernel, self.stride, self.dilation, strict=True)
        )
        return tall, wide


NO_POOL = Window((1, 1), (1, 1), (0, 0))


def framed(images: Array, size: tuple[int, int], pad: tuple[int, int]) -> Array:
    """The `size` rows and columns of `images` from ``-pad`` on, with zeros outside the images."""
    around = [
        (max(0, before), max(0, length - before - given))
        for length, before, given in zip(size, pad, images.shape[1:3], strict=True)
    ]
    padded = np.pad(images, ((0, 0), *around, (0, 0)))
    top, left = (max(0, -before) for before in pad)
    return padded[:, top : top + size[0], left : left + size[1]]


@part
def scatter_add(
    panel: Array,
    column: int,
    depth: int,
    images: Array,
    group: int,
    size: tuple[int, int],
    window: Window,
) -> None:
    """Add each row of `panel`, from `column` on, to the values of its window in a group.

    A row holds the window's values in the order ``(row, column, channel)``.
    """
    kernel, stride, pad, dilation = window
    samples, height, width, channels = images.shape
    row = -1
    for sample in range(samples):
        line = images[sample].reshape(-1)
        for oy in range(size[0]):
            top = oy * stride[0] - pad[0]
            for ox in range(size[1]):
                left = ox * stride[1] - pad[1]
                row += 1
                given = panel[row]
                for ky in range(kernel[0]):
                    y = top + ky * dilation[0]
                    at = column + ky * kernel[1] * depth
                    if not 0 <= y < height:
                        continue
                    if depth == channels and dilation[1] == 1 and 0 <= left <= width - kernel[1]:
                        start = (y * width + left) * channels
                        for c in range(kernel[1] * depth):
                            line[start + c] += given[at + c]
                        continue
                    for kx in range(kernel[1]):
                        x = left + kx * dilation[1]
                        if 0 <= x < width:
                            start = (y * width + x) * channels + group * depth
                            for c in range(depth):
                                line[start + c] += given[at + kx * depth + c]
