"""Sliding windows over channels-last images: tiles of them, and their panels for GEMM.

A panel has one row for each window, with the window's values of one group of channels in the order
``(row, column, channel)``. A signal is an image of width 1: its window is one run in memory.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from lrp_audio.kernels.parts import part
from lrp_audio.kernels.scratch import scratch
from lrp_audio.types import Array


class Window(NamedTuple):
    """Geometry of a sliding window over ``(height, width)``; `pad` is (top, left)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    def seen(self, first: int, last: int, height: int) -> tuple[int, int]:
        """The rows of an image of `height` that windows in the rows `first` to `last` cover."""
        top = first * self.stride[0] - self.pad[0]
        reach = (last - 1 - first) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0] + 1
        return max(0, top), max(0, min(height, top + reach))

    def seeing(self, first: int, last: int, rows: int) -> tuple[int, int]:
        """The rows of windows, of `rows`, that may cover the image's rows `first` to `last`."""
        reach = (self.kernel[0] - 1) * self.dilation[0]
        begin = -(-(first + self.pad[0] - reach) // self.stride[0])
        end = (last - 1 + self.pad[0]) // self.stride[0] + 1
        return max(0, begin), max(0, min(rows, end))

    def extent(self, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width that `size` windows cover together, padding included."""
        tall, wide = (
            (n - 1) * s + (k - 1) * d + 1
            for n, k, s, d in zip(size, self.kernel, self.stride, self.dilation, strict=True)
        )
        return tall, wide

    def below(self, first: int, skipped: int = 0) -> "Window":
        """The same windows counted from row `first`, over an image without `skipped` rows."""
        top = self.pad[0] + skipped - first * self.stride[0]
        return self._replace(pad=(top, self.pad[1]))


class Tile(NamedTuple):
    """Rows of one sample, or all rows of several: ``samples`` and ``rows`` as slices."""

    samples: slice
    rows: slice


def tiles(batch: int, rows: int, most: int) -> Iterator[Tile]:
    """Cut `batch` samples of `rows` rows into tiles of about `most` rows, of nearly equal size."""
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


def gathered(images: Array, group: int, depth: int, size: tuple[int, int], window: Window) -> Array:
    """The panel of `size` windows of each image, in a group of `depth` channels.

    To read only: it is a view of `images` where each window is one position.
    """
    kernel, stride, _, dilation = window
    own = images[..., group * depth : (group + 1) * depth]
    seen = framed(own, window.extent(size), window.pad)
    if kernel == (1, 1) and stride == (1, 1) and seen.flags.c_contiguous:
        return seen.reshape(-1, depth)
    of_sample, of_row, of_column, of_channel = seen.strides
    shape = (len(images), *size, *kernel, depth)
    strides = (
        of_sample,
        of_row * stride[0],
        of_column * stride[1],
        of_row * dilation[0],
        of_column * dilation[1],
        of_channel,
    )
    panel = scratch("panel", (math.prod(shape[:3]), math.prod(shape[3:])), images.dtype)
    np.copyto(panel.reshape(shape), as_strided(seen, shape, strides, writeable=False))
    return panel


def framed(images: Array, size: tuple[int, int], pad: tuple[int, int]) -> Array:
    """The `size` rows and columns of `images` from ``-pad`` on, with zeros outside the images."""
    (_, height, width, _), (tall, wide) = images.shape, size
    top, left = -pad[0], -pad[1]
    inside = top >= 0 and left >= 0 and top + tall <= height and left + wide <= width
    if inside and images.flags.c_contiguous:
        return images[:, top : top + tall, left : left + wide]
    frame = scratch("frame", (len(images), tall, wide, images.shape[3]), images.dtype)
    into, out_of = [slice(None)], [slice(None)]
    for axis in (1, 2):
        before, length = pad[axis - 1], images.shape[axis]
        first = min(max(0, before), frame.shape[axis])
        last = max(first, min(frame.shape[axis], before + length))
        into.append(slice(first, last))
        out_of.append(slice(first - before, last - before))
    frame[:, : into[1].start] = 0
    frame[:, into[1].stop :] = 0
    frame[:, into[1], : into[2].start] = 0
    frame[:, into[1], into[2].stop :] = 0
    frame[tuple(into)] = images[tuple(out_of)]
    return frame


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
