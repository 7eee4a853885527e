"""Sliding windows over channels-last images: which tile of them to take at a time, and their rows.

A panel has one row a window and holds what the window sees of one group of channels, in the order
``(row, column, channel)``. A signal is an image of width 1, so that its window is one run in memory.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


class Window(NamedTuple):
    """Geometry of a sliding window over ``(height, width)``; `pad` is (top, left)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    def seen(self, first: int, last: int, height: int) -> tuple[int, int]:
        """The rows of an image of `height` that windows in the rows `first` to `last` look at."""
        top = first * self.stride[0] - self.pad[0]
        reach = (last - 1 - first) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0] + 1
        return max(0, top), max(0, min(height, top + reach))

    def seeing(self, first: int, last: int, rows: int) -> tuple[int, int]:
        """Those of `rows` rows of windows that may look at the image's rows `first` to `last`."""
        reach = (self.kernel[0] - 1) * self.dilation[0]
        begin = -(-(first + self.pad[0] - reach) // self.stride[0])
        end = (last - 1 + self.pad[0]) // self.stride[0] + 1
        return max(0, begin), max(0, min(rows, end))

    def below(self, first: int, skipped: int = 0) -> "Window":
        """The same windows counted from row `first`, over an image without `skipped` rows."""
        top = self.pad[0] + skipped - first * self.stride[0]
        return self._replace(pad=(top, self.pad[1]))


class Tile(NamedTuple):
    """Rows of one sample, or all rows of several: ``samples`` and ``rows`` as slices."""

    samples: slice
    rows: slice


def tiles(batch: int, rows: int, most: int) -> Iterator[Tile]:
    """Cut `batch` samples of `rows` rows into tiles of about `most` rows, all much of one size."""
    if most >= rows:
        for samples in _even(batch, most // rows):
            yield Tile(samples, slice(0, rows))
    else:
        for sample in range(batch):
            for part in _even(rows, most):
                yield Tile(slice(sample, sample + 1), part)


def _even(count: int, most: int) -> Iterator[slice]:
    pieces = -(-count // max(1, most))
    for piece in range(pieces):
        yield slice(count * piece // pieces, count * (piece + 1) // pieces)


@njit(nogil=True, cache=True)
def gather(
    panel: Array, images: Array, group: int, size: tuple[int, int], window: Window
) -> None:
    """Fill `panel` with `size` windows of each image, positions outside it being zero."""
    kernel, stride, pad, dilation = window
    samples, height, width, channels = images.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    lines = images.reshape(samples, height * width * channels)
    # A row of the window that lies inside the image is one run; so is all of one as wide as it.
    runs = depth == channels and dilation[1] == 1
    whole = runs and dilation[0] == 1 and kernel[1] == width
    row = -1
    for sample in range(samples):
        for oy in range(size[0]):
            top = oy * stride[0] - pad[0]
            for ox in range(size[1]):
                left = ox * stride[1] - pad[1]
                row += 1
                if whole and left == 0 and top >= 0 and top + kernel[0] <= height:
                    start = top * width * channels
                    for c in range(panel.shape[1]):
                        panel[row, c] = lines[sample, start + c]
                    continue
                for ky in range(kernel[0]):
                    y = top + ky * dilation[0]
                    column = ky * kernel[1] * depth
                    if not 0 <= y < height:
                        panel[row, column : column + kernel[1] * depth] = 0
                        continue
                    if runs and left >= 0 and left + kernel[1] <= width:
                        start = (y * width + left) * channels
                        for c in range(kernel[1] * depth):
                            panel[row, column + c] = lines[sample, start + c]
                        continue
                    for kx in range(kernel[1]):
                        x = left + kx * dilation[1]
                        if 0 <= x < width:
                            start = (y * width + x) * channels + group * depth
                            for c in range(depth):
                                panel[row, column + c] = lines[sample, start + c]
                        else:
                            panel[row, column : column + depth] = 0
                        column += depth


@njit(nogil=True, cache=True)
def scatter_add(
    panel: Array, images: Array, group: int, size: tuple[int, int], window: Window
) -> None:
    """Transpose of `gather`: add each row of `panel` to what its window sees."""
    kernel, stride, pad, dilation = window
    samples, height, width, channels = images.shape
    depth = panel.shape[1] // (kernel[0] * kernel[1])
    lines = images.reshape(samples, height * width * channels)
    runs = depth == channels and dilation[1] == 1
    row = -1
    for sample in range(samples):
        for oy in range(size[0]):
            top = oy * stride[0] - pad[0]
            for ox in range(size[1]):
                left = ox * stride[1] - pad[1]
                row += 1
                for ky in range(kernel[0]):
                    y = top + ky * dilation[0]
                    column = ky * kernel[1] * depth
                    if not 0 <= y < height:
                        continue
                    if runs and left >= 0 and left + kernel[1] <= width:
                        start = (y * width + left) * channels
                        for c in range(kernel[1] * depth):
                            lines[sample, start + c] += panel[row, column + c]
                        continue
                    for kx in range(kernel[1]):
                        x = left + kx * dilation[1]
                        if 0 <= x < width:
                            start = (y * width + x) * channels + group * depth
                            for c in range(depth):
                                lines[sample, start + c] += panel[row, column + c]
                        column += depth
