"""The schedule of convolutions: what is read, multiplied, and done with the products, in blocks.

A block is cut out of the input, or made of the values at the winners of a max-pool; its windows are
multiplied by the weight; and what follows is done while the products are in the cache. It is all in
one compiled function, because code for the products takes seconds to compile.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lrp_audio.kernels import winograd
from lrp_audio.kernels.blocks import Blocks, block_of, blocks, count_of, cut_frame, spread_frame
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.epilogue import Epilogue, finish
from lrp_audio.kernels.operand import DEPTHWISE, WINOGRAD, Operand
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.products import depthwise_products, products
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.threads import parallel_for, thread_count
from lrp_audio.kernels.windows import NO_POOL, Window
from lrp_audio.types import Array

_PIECES_EACH = 4  # at most, that each thread takes, so that a slower one takes fewer
# Of a frame and its products. Few blocks waste fewer tiles of Winograd filtering at their edges.
_SIGNAL_BYTES, _IMAGE_BYTES, _TILED_BYTES = 1 << 18, 1 << 19, 1 << 20


class Source(NamedTuple):
    """What a convolution reads: ``(batch, height, width, channels)``.

    Where `place` is not empty, the values are those at the winners of `pool`, and all others are 0.
    """

    values: Array
    place: Array
    pool: Window


class Memory(NamedTuple):
    """Flat memory of one thread.

    For a block's frame and products, two for Winograd filtering, and three values and a place for
    each channel.
    """

    frame: Array
    z: Array
    inputs: Array
    found: Array
    row: Array
    which: Array


class Schedule:
    """The blocks of one operation of `size`, of windows over a pool where `at` is given."""

    def __init__(
        self,
        operand: Operand,
        window: Window,
        values: Array,
        size: tuple[int, int],
        pool: Window = NO_POOL,
        samples: int = 2,
    ) -> None:
        self.operand, self.window, self.dtype = operand, window, values.dtype
        seen = window.stride[0] * window.stride[1] * values.shape[3] + operand.padded
        area = pool.stride[0] * pool.stride[1]
        room = _TILED_BYTES if operand.kind == WINOGRAD else _IMAGE_BYTES
        if size[0] == 1:
            room = _SIGNAL_BYTES
        positions = max(1, room // (seen * area * values.itemsize))
        self.blocks = blocks(len(values), size, positions, samples)
        height, width = pool.extent((self.blocks.rows, self.blocks.columns))
        tall, wide = frame_size(operand, window, height, width)
        height, width = whole(operand, window.kernel, height, width)
        count, inputs, found = self.blocks.samples, 0, 0
        if operand.kind == WINOGRAD:
            inputs, found = winograd.memory(operand, window.kernel, count, height, width)
        self._sizes = {
            "frame": count * tall * wide * values.shape[3],
            # The last vector of a row may reach beyond it.
            "z": count * height * width * operand.padded + operand.width,
            "inputs": inputs,
            "found": found,
            "row": 3 * operand.padded,
        }

    @property
    def blocks_of_sample(self) -> int:
        """Number of blocks of one sample; 1 where a block has several samples."""
        return max(1, count_of(self.blocks) // max(1, -(-self.blocks.batch // self.blocks.samples)))

    def memory(self) -> Memory:
        """Memory of this thread."""
        values = {name: scratch(name, (n,), self.dtype) for name, n in self._sizes.items()}
        return Memory(**values, which=scratch("which", (self.operand.padded,), np.int32))

    def run(self, source: Source, epilogue: Epilogue) -> None:
        """Compute all blocks; the result does not depend on how threads share them."""
        count = count_of(self.blocks)
        pieces = 1 if thread_count() == 1 else _PIECES_EACH * thread_count()
        parallel_for(self._piece(source, epilogue), count, -(-count // pieces))

    def run_samples(self, source: Source, epilogue: Epilogue) -> None:
        """The same, where the blocks of a sample must follow each other."""
        piece, each = self._piece(source, epilogue), self.blocks_of_sample
        parallel_for(lambda i, j: piece(i * each, j * each), self.blocks.batch, 1)

    def _piece(self, source: Source, epilogue: Epilogue) -> Callable[[int, int], None]:
        run = run_depthwise_blocks if self.operand.kind == DEPTHWISE else run_blocks

        def piece(first: int, last: int) -> None:
            run(
                source, self.operand, self.window, epilogue, self.blocks, first, last,
                self.memory(),
            )  # fmt: skip

        return piece


@part
def whole(operand: Operand, kernel: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """Height and width of the products of so many windows: Winograd filtering makes whole tiles."""
    if operand.kind != WINOGRAD:
        return height, width
    return winograd.whole_tiles(kernel, height, width)


@part
def frame_size(operand: Operand, window: Window, height: int, width: int) -> tuple[int, int]:
    """Height and width of a frame for the products of so many windows."""
    kernel, stride, _, dilation = window
    height, width = whole(operand, kernel, height, width)
    tall = (height - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1
    wide = (width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1
    return tall, wide


@compiled()
def run_blocks(
    source: Source,
    operand: Operand,
    window: Window,
    epilogue: Epilogue,
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
) -> None:
    """Compute the blocks from number `first` to `last`."""
    for number in range(first, last):
        frame, z, seen, pool = _begin(source, operand, window, epilogue, blocks, number, memory)
        products(frame, operand, window, z, memory.inputs, memory.found)
        _close_gaps(z, operand)
        finish(z, operand, epilogue, blocks, number, seen, pool, memory.row, memory.which)


@compiled()
def run_depthwise_blocks(
    source: Source,
    operand: Operand,
    window: Window,
    epilogue: Epilogue,
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
) -> None:
    """The same for a depthwise convolution; apart, because most networks have none."""
    for number in range(first, last):
        frame, z, seen, pool = _begin(source, operand, window, epilogue, blocks, number, memory)
        depthwise_products(frame, operand, window, z)
        finish(z, operand, epilogue, blocks, number, seen, pool, memory.row, memory.which)


@part
def _begin(
    source: Source,
    operand: Operand,
    window: Window,
    epilogue: Epilogue,
    blocks: Blocks,
    number: int,
    memory: Memory,
) -> tuple[Array, Array, tuple[int, int], Window]:
    """The frame of a block and room for its products, and how many and which windows pool them."""
    values, place, pool, size = source.values, source.place, epilogue.pool, epilogue.size
    channels, padded = values.shape[3], operand.groups * operand.panels * operand.width
    kernel, stride, pad, dilation = pool
    s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
    # The windows before the pool that this block sees, within the `size` of all of them.
    top, left = y0 * stride[0] - pad[0], x0 * stride[1] - pad[1]
    above, before = max(0, top), max(0, left)
    below = min(size[0], top + (y1 - 1 - y0) * stride[0] + (kernel[0] - 1) * dilation[0] + 1)
    behind = min(size[1], left + (x1 - 1 - x0) * stride[1] + (kernel[1] - 1) * dilation[1] + 1)
    seen = (max(0, below - above), max(0, behind - before))
    shifted = Window(kernel, stride, (above - top, before - left), dilation)

    tall, wide = frame_size(operand, window, seen[0], seen[1])
    length = (s1 - s0) * tall * wide * channels
    frame = memory.frame[:length].reshape(s1 - s0, tall, wide, channels)
    row = above * window.stride[0] - window.pad[0]
    column = before * window.stride[1] - window.pad[1]
    if place.size:
        spread_frame(values[s0:s1], place[s0:s1], source.pool, row, column, frame)
    else:
        cut_frame(values[s0:s1], row, column, frame)
    height, width = whole(operand, window.kernel, seen[0], seen[1])
    length = (s1 - s0) * height * width * padded
    z = memory.z[:length].reshape(s1 - s0, height, width, padded)
    return frame, z, seen, shifted


@part
def _close_gaps(z: Array, operand: Operand) -> None:
    """Move the columns of each group up to those of the group before it."""
    made, filled = operand.made, operand.panels * operand.width
    if operand.groups == 1 or made == filled:
        return
    row = z.reshape(-1)
    for start in range(0, len(row), operand.groups * filled):
        for group in range(1, operand.groups):
            into, gap = start + group * made, start + group * filled
            for c in range(made):
                row[into + c] = row[gap + c]
