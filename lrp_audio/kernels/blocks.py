"""Blocks of a convolution's output that fit the cache, and the frames of input that they read.

A frame holds all windows of a block, with zeros where they reach beyond the image. Images and
frames are channels-last; a signal is an image of height 1.
"""

from typing import NamedTuple

from lrp_audio.kernels.parts import part
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import add_at_winners
from lrp_audio.types import Array

_LEAST = 4  # blocks, if there are as many lines or segments, so that threads can share them


class Blocks(NamedTuple):
    """`batch` outputs of `height` and `width` in blocks of at most the given sizes."""

    batch: int
    height: int
    width: int
    samples: int
    rows: int
    columns: int


def blocks(batch: int, size: tuple[int, int], positions: int, samples: int = 1) -> Blocks:
    """Blocks of about `positions` outputs: lines of an image, or segments of a single line.

    Small images are taken up to `samples` at a time.
    """
    height, width = size
    if height == 1:
        columns = max(1, min(positions, -(-batch * width // _LEAST)))
        return Blocks(batch, 1, width, 1, 1, min(width, columns))
    rows = max(1, min(positions // width, -(-batch * height // _LEAST)))
    if rows < height:
        return Blocks(batch, height, width, 1, rows, width)
    most = max(1, min(positions // (height * width), samples, -(-batch // 2)))
    return Blocks(batch, height, width, most, height, width)


@part
def count_of(blocks: Blocks) -> int:
    """Number of blocks."""
    down, across = -(-blocks.height // blocks.rows), -(-blocks.width // blocks.columns)
    return -(-blocks.batch // blocks.samples) * down * across


@part
def block_of(blocks: Blocks, number: int) -> tuple[int, int, int, int, int, int]:
    """First and last sample, row and column of a block; the last ones not included."""
    deep = -(-blocks.batch // blocks.samples)
    down, across = -(-blocks.height // blocks.rows), -(-blocks.width // blocks.columns)
    rest, i = divmod(number, across)
    n, j = divmod(rest, down)
    return (
        blocks.batch * n // deep,
        blocks.batch * (n + 1) // deep,
        blocks.height * j // down,
        blocks.height * (j + 1) // down,
        blocks.width * i // across,
        blocks.width * (i + 1) // across,
    )


@part
def clear(array: Array) -> None:
    """Fill a contiguous `array` with zeros."""
    flat, zero = array.reshape(-1), array.dtype.type(0)
    for i in range(len(flat)):
        flat[i] = zero


@part
def _copy(given: Array, first: int, line: Array, start: int, count: int) -> None:
    for i in range(count):
        line[start + i] = given[first + i]


@part
def cut_frame(images: Array, top: int, left: int, frame: Array) -> None:
    """The part of `images` from row `top` and column `left` on, into `frame`."""
    samples, tall, wide, channels = frame.shape
    _, height, width, _ = images.shape
    zero = frame.dtype.type(0)
    before = min(wide, max(0, -left))
    inside = max(0, min(wide - before, width - left - before))
    for sample in range(samples):
        for y in range(tall):
            line = frame[sample, y].reshape(-1)
            if not 0 <= top + y < height:
                for i in range(len(line)):
                    line[i] = zero
                continue
            given = images[sample, top + y].reshape(-1)
            start, end = before * channels, (before + inside) * channels
            _copy(given, (left + before) * channels, line, start, end - start)
            for i in range(start):
                line[i] = zero
            for i in range(end, len(line)):
                line[i] = zero


@part
def spread_frame(
    values: Array, place: Array, pool: Window, top: int, left: int, frame: Array
) -> None:
    """Values at the winners of a pool, 0 at all other places of the pooled image, into `frame`.

    The frame begins at row `top` and column `left` of that image.
    """
    kernel, stride, pad, dilation = pool
    clear(frame)
    shifted = Window(kernel, stride, (pad[0] + top, pad[1] + left), dilation)
    add_at_winners(values, place, frame, shifted)
