"""Convolution: the map, its transpose, and the gradient of its weight.

All of them work on blocks that fit the processor's cache: a frame of input is cut out, or made of
the values at the winners of a max-pool; the products of its windows with the weight are computed;
and what follows, such as bias, ReLU, and max-pool, is done while the block is in the cache. One
call of a compiled function works on many blocks, without the GIL.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np

from lrp_audio.kernels import depthwise, winograd
from lrp_audio.kernels.blocks import Blocks, block_of, blocks, count_of, cut_frame, spread_frame
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.elementwise import accounts, divide, stabilised_quotients, weighted_sum
from lrp_audio.kernels.few_outputs import convolve_few, few, transpose_few
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.microkernel import MOST_ROWS, add_products, tile_width
from lrp_audio.kernels.operand import DEPTHWISE, DIRECT, WINOGRAD, Operand, vectors_of
from lrp_audio.kernels.packing import Operands, unpacked
from lrp_audio.kernels.products import products
from lrp_audio.kernels.reuse import empty
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.threads import parallel_for, thread_count
from lrp_audio.kernels.windows import Window, scatter_add
from lrp_audio.kernels.winners import Winners, rectified_maxima, select, selected
from lrp_audio.types import Array

_PIECES = 16  # at most, of a sum over samples, which threads share
_PIECES_EACH = 4  # at most, that each thread takes, so that a slower one takes fewer
_BLOCK_BYTES = {1: 1 << 18, 2: 1 << 19}  # of a block's frame and products, by the image's axes
_NO_PLACE = np.empty((0, 0, 0, 0), np.uint8)
_NO_POOL = Window((1, 1), (1, 1), (0, 0))


def _reverse(window: Window) -> Window:
    """The window of the outputs that each input contributes to, for stride 1."""
    reach = zip(window.kernel, window.dilation, window.pad, strict=True)
    top, left = ((kernel - 1) * dilation - pad for kernel, dilation, pad in reach)
    return window._replace(pad=(top, left))


def convolve(
    x: Array, weight: Operands, bias: Array | None, window: Window, size: tuple[int, int]
) -> Array:
    """Convolution plus bias: ``(batch, in, h, w)`` to ``(batch, out, *size)``."""
    return _convolve(x, weight, bias, window, size, -np.inf)


def convolve_rectified(
    x: Array, weight: Operands, bias: Array | None, window: Window, size: tuple[int, int]
) -> Array:
    """``max(convolution + bias, 0)``."""
    return _convolve(x, weight, bias, window, size, 0.0)


def _convolve(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    least: float,
) -> Array:
    image, operand = channels_last(x), weight.forward
    out = empty((len(x), *size, operand.channels), x.dtype)
    added, floor = _bias(bias, out), np.full(1, least, x.dtype)
    work = _Work(operand, window, image, size)

    def piece(first: int, last: int) -> None:
        _blocks_of_outputs(
            image, _NO_PLACE, _NO_POOL, operand, window, added, floor, work.blocks, first, last,
            work.memory(), out,
        )  # fmt: skip

    work.share(piece)
    return channels_first(out)


def convolve_to_maxima(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    pool: Window,
    pooled: tuple[int, int],
) -> tuple[Array, Winners]:
    """``max(max-pool of (convolution + bias), 0)`` of `pooled` size, and the winners."""
    image, operand = channels_last(x), weight.forward
    out = empty((len(x), *pooled, operand.channels), x.dtype)
    place = empty(out.shape, np.uint8)
    added = _bias(bias, out)
    work = _Work(operand, window, image, pooled, pool, size)

    def piece(first: int, last: int) -> None:
        _maxima_blocks(
            image, operand, window, added, pool, size, work.blocks, first, last, work.memory(),
            out, place,
        )  # fmt: skip

    work.share(piece)
    return channels_first(out), Winners(place, pool, size)


def convolve_at(
    x: Array, weight: Operands, bias: Array | None, window: Window, at: Winners
) -> Array:
    """Convolution plus bias at the winners alone, in the shape of the pooled image.

    Where there is no winner it is 0 or the bias: no relevance comes from there.
    """
    if few(weight, window, at):
        return convolve_few(x, weight, bias, window, at)
    image, operand = channels_last(x), weight.forward
    out = empty(at.place.shape, x.dtype)
    added = _bias(bias, out)
    work = _Work(operand, window, image, out.shape[1:3], at.window, at.size)

    def piece(first: int, last: int) -> None:
        _blocks_at_winners(
            image, operand, window, added, at.place, at.window, at.size, work.blocks, first, last,
            work.memory(), out,
        )  # fmt: skip

    work.share(piece)
    return channels_first(out)


def quotients_of(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    at: Winners | None,
    relevance: Array,
    share: float,
    epsilon: Array,
) -> tuple[Array, Array]:
    """``s = share relevance / stabilised z``, as `divide` has it, for the z of `convolve` or `convolve_at`.

    Without an array for z. Also returns the accounts of `divide`.
    """
    if at is not None and few(weight, window, at):
        z = convolve_few(x, weight, bias, window, at)
        return divide(relevance, z, _bias(bias, channels_last(z)), epsilon, share)
    image, given, operand = channels_last(x), channels_last(relevance), weight.forward
    s = empty(given.shape, x.dtype)
    place, pool = (_NO_PLACE, _NO_POOL) if at is None else (at.place, at.window)
    added, factor = _bias(bias, s), np.array([share], x.dtype)
    work = _Work(operand, window, image, s.shape[1:3], pool, size)
    each = max(1, count_of(work.blocks) * work.blocks.samples // max(1, len(x)))
    sums = np.zeros((len(x), each, 2, s.shape[3]))

    def piece(first: int, last: int) -> None:
        _quotients_of_blocks(
            image, operand, window, added, place, pool, size, work.blocks, first, last,
            work.memory(), given, factor, epsilon, s, sums,
        )  # fmt: skip

    work.share(piece)
    return channels_first(s), accounts(sums.sum(axis=1), added, epsilon)


def relevance_of(
    s: Array,
    weight: Operands,
    window: Window,
    x: Array,
    at: Winners | None,
    total: Array | None,
) -> Array:
    """``x * transpose(s)``, added to `total` in place where that is given."""
    size = (x.shape[2], x.shape[3])
    if not weight.reverses or (at is not None and few(weight, window, at)):
        found = weighted_sum([x], [transpose(s, weight, window, size, at)])
        return found if total is None else total + found
    given, place, pool, _ = _grid(s, at)
    operand, reverse = weight.backward, _reverse(window)
    image = channels_last(x)
    onto = total is not None
    out = empty(image.shape, image.dtype) if total is None else channels_last(total)
    work = _Work(operand, reverse, given, size)

    def piece(first: int, last: int) -> None:
        _relevance_of_blocks(
            given, place, pool, operand, reverse, image, onto, work.blocks, first, last,
            work.memory(), out,
        )  # fmt: skip

    work.share(piece)
    return channels_first(out)


def transpose(
    s: Array,
    weight: Operands,
    window: Window,
    size: tuple[int, int],
    at: Winners | None = None,
) -> Array:
    """Transpose of `convolve`, or of `convolve_at`: to ``(batch, in, *size)``, added up."""
    if at is not None and few(weight, window, at):
        return transpose_few(s, weight, window, size, at)
    given, place, pool, grid = _grid(s, at)
    operand = weight.backward
    channels = weight.forward.groups * weight.forward.depth
    if weight.reverses:
        reverse = _reverse(window)
        out = empty((len(s), *size, channels), s.dtype)
        added, floor = np.zeros(channels, s.dtype), np.full(1, -np.inf, s.dtype)
        work = _Work(operand, reverse, given, size)

        def piece(first: int, last: int) -> None:
            _blocks_of_outputs(
                given, place, pool, operand, reverse, added, floor, work.blocks, first, last,
                work.memory(), out,
            )  # fmt: skip

        work.share(piece)
        return channels_first(out)
    out = np.zeros((len(s), *size, channels), s.dtype)
    # In whole samples, because the windows of one sample overlap.
    if weight.forward.kind == DEPTHWISE:

        def samples(first: int, last: int) -> None:
            part = slice(first, last)
            whole = _whole(given[part], place[part], pool, grid)
            depthwise.add_transpose(whole, weight.matrix, window, out[part])

        parallel_for(samples, len(s), 1)
        return channels_first(out)
    work = _Work(operand, _NO_POOL, given, grid, samples=1)
    lines = work.blocks

    def columns(first: int, last: int) -> None:
        _add_columns(
            given, place, pool, operand, lines, first, last, work.memory(), window, out
        )

    parallel_for(columns, len(s), 1)
    return channels_first(out)


def weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...], at: Winners | None
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch.

    `g` is the gradient at the output of `convolve`, or of `convolve_at`.
    """
    images = channels_last(x)
    given, place, pool, grid = _grid(g, at)
    out, depth, kh, kw = shape
    packed_shape = (groups, kh * kw * depth, out // groups)
    unfilled = np.empty(packed_shape, x.dtype)

    if depthwise.suits(unfilled, kh * kw):

        def samples(first: int, last: int) -> Array:
            part = slice(first, last)
            gradient = np.zeros(packed_shape, x.dtype)
            whole = _whole(given[part], place[part], pool, grid)
            depthwise.add_weight_gradient(images[part], whole, window, gradient)
            return gradient

        piece: Callable[[int, int], Array] = samples
    else:
        width = tile_width(x.dtype)
        panels = -(-out // groups // width)
        operand = Operand(DIRECT, unfilled.reshape(-1), groups, panels, depth, out // groups, width)
        work = _Work(operand, window, images, grid, samples=1)

        def blocks_of(first: int, last: int) -> Array:
            gradient = np.zeros((groups, panels, kh * kw * depth, width), x.dtype)
            _gradient_blocks(
                images, given, place, pool, operand, window, work.blocks, first, last,
                work.memory(), gradient,
            )  # fmt: skip
            return gradient

        piece = blocks_of
    if not len(x):
        return np.zeros(shape, x.dtype)
    first, *others = parallel_for(piece, len(x), max(8, -(-len(x) // _PIECES)))
    for other in others:
        first += other
    if first.shape != packed_shape:
        first = np.moveaxis(first, 1, 2).reshape(groups, kh * kw * depth, -1)[..., : out // groups]
    return unpacked(np.ascontiguousarray(first), shape)


def _grid(values: Array, at: Winners | None) -> tuple[Array, Array, Window, tuple[int, int]]:
    """Values at the outputs of a convolution: where they are given, and the size of all outputs."""
    given = channels_last(values)
    if at is None:
        return given, _NO_PLACE, _NO_POOL, (given.shape[1], given.shape[2])
    return given, at.place, at.window, at.size


def _whole(given: Array, place: Array, pool: Window, grid: tuple[int, int]) -> Array:
    """The values at all outputs, 0 where none is given."""
    if not place.size:
        return given
    image = empty((len(given), *grid, given.shape[3]), given.dtype)
    spread_frame(given, place, pool, 0, 0, image)
    return image


class Memory(NamedTuple):
    """Flat memory of one thread: a block's frame and products, and two for Winograd filtering."""

    frame: Array
    z: Array
    inputs: Array
    found: Array


class _Work:
    """The blocks of one operation, and the memory that one of them needs."""

    def __init__(
        self,
        operand: Operand,
        window: Window,
        image: Array,
        size: tuple[int, int],
        pool: Window = _NO_POOL,
        grid: tuple[int, int] | None = None,
        samples: int = 2,
    ) -> None:
        self.dtype = image.dtype
        area = pool.stride[0] * pool.stride[1]
        seen = prod(window.stride) * image.shape[3] + operand.padded
        axes = 1 if size[0] == 1 else 2
        positions = _BLOCK_BYTES[axes] // (seen * area * image.itemsize)
        self.blocks = blocks(len(image), size, max(1, positions), samples)
        height, width = (
            (n - 1) * stride + (kernel - 1) * dilation + 1
            for n, stride, kernel, dilation in zip(
                (self.blocks.rows, self.blocks.columns), pool.stride, pool.kernel, pool.dilation,
                strict=True,
            )
        )
        tall, wide = frame_size(operand, window, height, width)
        count = self.blocks.samples
        height, width = whole(operand, window.kernel, height, width)
        transformed = 0
        if operand.kind == WINOGRAD:
            down, across = winograd.whole_tiles(window.kernel, height, width)
            transformed = winograd.points_of(window.kernel) * count * down * across
        self.sizes = (
            count * tall * wide * image.shape[3],
            count * height * width * operand.padded + operand.width,  # a last vector may overlap
            transformed * image.shape[3],
            transformed * operand.width,
        )

    def memory(self) -> Memory:
        """Memory of this thread."""
        names = ("frame", "z", "inputs", "found")
        return Memory(
            *(scratch(n, (s,), self.dtype) for n, s in zip(names, self.sizes, strict=True))
        )

    def share(self, piece: Callable[[int, int], None]) -> None:
        """Call `piece` for all blocks; the result does not depend on how threads share them."""
        count = count_of(self.blocks)
        pieces = 1 if thread_count() == 1 else _PIECES_EACH * thread_count()
        parallel_for(piece, count, -(-count // pieces))


def _bias(bias: Array | None, out: Array) -> Array:
    return np.zeros(out.shape[-1], out.dtype) if bias is None else bias


@compiled()
def whole(
    operand: Operand, kernel: tuple[int, int], height: int, width: int
) -> tuple[int, int]:
    """Height and width of the products of so many windows: Winograd filtering makes whole tiles."""
    if operand.kind != WINOGRAD:
        return height, width
    down, across = winograd.whole_tiles(kernel, height, width)
    return (height, 4 * across) if kernel[0] == 1 else (2 * down, 2 * across)


@compiled()
def frame_size(operand: Operand, window: Window, height: int, width: int) -> tuple[int, int]:
    """Height and width of a frame for the products of so many windows."""
    kernel, stride, _, dilation = window
    height, width = whole(operand, kernel, height, width)
    tall = (height - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1
    wide = (width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1
    return tall, wide


@compiled()
def _block(
    image: Array,
    place: Array,
    pool: Window,
    operand: Operand,
    window: Window,
    corner: tuple[int, int],
    size: tuple[int, int],
    memory: Memory,
) -> Array:
    """The products of the `size` windows from `corner` on, ``(samples, height, width, padded)``."""
    samples, channels = image.shape[0], image.shape[3]
    tall, wide = frame_size(operand, window, size[0], size[1])
    frame = memory.frame[: samples * tall * wide * channels].reshape(samples, tall, wide, channels)
    top = corner[0] * window.stride[0] - window.pad[0]
    left = corner[1] * window.stride[1] - window.pad[1]
    if place.size:
        spread_frame(image, place, pool, top, left, frame)
    else:
        cut_frame(image, top, left, frame)
    padded = operand.groups * operand.panels * operand.width
    height, width = whole(operand, window.kernel, size[0], size[1])
    z = memory.z[: samples * height * width * padded].reshape(samples, height, width, padded)
    products(frame, operand, window, z, memory.inputs, memory.found)
    if operand.groups > 1 and operand.made < operand.panels * operand.width:
        _close_gaps(z.reshape(-1, padded), operand)
    return z


@compiled()
def _close_gaps(z: Array, operand: Operand) -> None:
    """Move the columns of each group up to those of the group before it."""
    for position in range(len(z)):
        row = z[position]
        for group in range(1, operand.groups):
            start, gap = group * operand.made, group * operand.panels * operand.width
            for c in range(operand.made):
                row[start + c] = row[gap + c]


@compiled()
def _blocks_of_outputs(
    image: Array,
    place: Array,
    pool: Window,
    operand: Operand,
    window: Window,
    bias: Array,
    least: Array,
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    out: Array,
) -> None:
    floor = least[0]
    for number in range(first, last):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        z = _block(
            image[s0:s1], place[s0:s1], pool, operand, window, (y0, x0), (y1 - y0, x1 - x0), memory
        )
        for sample in range(s1 - s0):
            for y in range(y1 - y0):
                for x in range(x1 - x0):
                    made, value = out[s0 + sample, y0 + y, x0 + x], z[sample, y, x]
                    for c in range(len(made)):
                        total = value[c] + bias[c]
                        made[c] = floor if total <= floor else total


@compiled()
def _pooled_block(
    image: Array,
    operand: Operand,
    window: Window,
    pool: Window,
    size: tuple[int, int],
    rows: tuple[int, int],
    columns: tuple[int, int],
    memory: Memory,
) -> tuple[Array, tuple[int, int], Window]:
    """The products that windows of a pool see, how many, and the pool over them."""
    kernel, stride, pad, dilation = pool
    top, left = rows[0] * stride[0] - pad[0], columns[0] * stride[1] - pad[1]
    bottom = (rows[1] - 1) * stride[0] - pad[0] + (kernel[0] - 1) * dilation[0] + 1
    right = (columns[1] - 1) * stride[1] - pad[1] + (kernel[1] - 1) * dilation[1] + 1
    y0, x0 = max(0, top), max(0, left)
    seen = (max(0, min(size[0], bottom) - y0), max(0, min(size[1], right) - x0))
    z = _block(
        image, np.empty((0, 0, 0, 0), np.uint8), pool, operand, window, (y0, x0), seen, memory
    )
    return z, seen, Window(kernel, stride, (y0 - top, x0 - left), dilation)


@compiled()
def _maxima_blocks(
    image: Array,
    operand: Operand,
    window: Window,
    bias: Array,
    pool: Window,
    size: tuple[int, int],
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    out: Array,
    place: Array,
) -> None:
    for number in range(first, last):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        z, seen, below = _pooled_block(
            image[s0:s1], operand, window, pool, size, (y0, y1), (x0, x1), memory
        )
        rectified_maxima(z, seen, bias, out, place, (s0, s1, y0, y1, x0, x1), below)


@compiled()
def _blocks_at_winners(
    image: Array,
    operand: Operand,
    window: Window,
    bias: Array,
    place: Array,
    pool: Window,
    size: tuple[int, int],
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    out: Array,
) -> None:
    for number in range(first, last):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        z, seen, below = _pooled_block(
            image[s0:s1], operand, window, pool, size, (y0, y1), (x0, x1), memory
        )
        select(z, seen, place, bias, out, (s0, s1, y0, y1, x0, x1), below)


@compiled(error_model="numpy")
def _quotients_of_blocks(
    image: Array,
    operand: Operand,
    window: Window,
    bias: Array,
    place: Array,
    pool: Window,
    size: tuple[int, int],
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    relevance: Array,
    share: Array,
    epsilon: Array,
    s: Array,
    sums: Array,
) -> None:
    channels = s.shape[3]
    found, account = np.empty(channels, s.dtype), np.empty((2, channels), s.dtype)
    _, stride, _, _ = pool
    for number in range(first, last):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        z, seen, below = _pooled_block(
            image[s0:s1], operand, window, pool, size, (y0, y1), (x0, x1), memory
        )
        for sample in range(s0, s1):
            account[:] = 0
            for y in range(y0, y1):
                for x in range(x0, x1):
                    top = (y - y0) * stride[0] - below.pad[0]
                    left = (x - x0) * stride[1] - below.pad[1]
                    if place.size:
                        found[:] = bias
                        which = place[sample, y, x]
                        selected(z[sample - s0], seen, top, left, which, below, found)
                    else:
                        here = z[sample - s0, top, left]
                        for c in range(channels):
                            found[c] = here[c] + bias[c]
                    stabilised_quotients(
                        relevance[sample, y, x], share[0], found, epsilon[sample],
                        s[sample, y, x], account[0], account[1],
                    )  # fmt: skip
            for i in range(2):
                for c in range(channels):
                    sums[sample, number % sums.shape[1], i, c] += account[i, c]


@compiled()
def _relevance_of_blocks(
    given: Array,
    place: Array,
    pool: Window,
    operand: Operand,
    window: Window,
    x: Array,
    onto: bool,
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    out: Array,
) -> None:
    for number in range(first, last):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        z = _block(
            given[s0:s1], place[s0:s1], pool, operand, window, (y0, x0), (y1 - y0, x1 - x0), memory
        )
        for sample in range(s0, s1):
            for row in range(y0, y1):
                for column in range(x0, x1):
                    made, value = out[sample, row, column], x[sample, row, column]
                    c = z[sample - s0, row - y0, column - x0]
                    if onto:
                        for i in range(len(made)):
                            made[i] += value[i] * c[i]
                    else:
                        for i in range(len(made)):
                            made[i] = value[i] * c[i]


@compiled()
def _add_columns(
    given: Array,
    place: Array,
    pool: Window,
    operand: Operand,
    lines: Blocks,
    first: int,
    last: int,
    memory: Memory,
    window: Window,
    out: Array,
) -> None:
    """For whole samples: the product of each output with the weight, added to its window."""
    each = count_of(lines) // lines.batch
    depth = operand.made // (window.kernel[0] * window.kernel[1])
    one = Window((1, 1), (1, 1), (0, 0), (1, 1))
    for number in range(first * each, last * each):
        s0, s1, y0, y1, x0, x1 = block_of(lines, number)
        z = _block(
            given[s0:s1], place[s0:s1], pool, operand, one, (y0, x0), (y1 - y0, x1 - x0), memory
        )
        panel = z.reshape(-1, z.shape[3])
        pad = (window.pad[0] - y0 * window.stride[0], window.pad[1] - x0 * window.stride[1])
        shifted = Window(window.kernel, window.stride, pad, window.dilation)
        for group in range(operand.groups):
            scatter_add(
                panel, group * operand.made, depth, out[s0:s1], group, (y1 - y0, x1 - x0), shifted
            )


@compiled()
def _gradient_blocks(
    images: Array,
    given: Array,
    place: Array,
    pool: Window,
    operand: Operand,
    window: Window,
    blocks: Blocks,
    first: int,
    last: int,
    memory: Memory,
    gradient: Array,
) -> None:
    """Add ``A^T G`` to `gradient` ``(groups, panels, kh * kw * in/g, width)``, for whole samples.

    The rows of A are windows, those of G the gradients at them.
    """
    each = count_of(blocks) // blocks.batch
    kernel, stride, pad, dilation = window
    channels, depth, columns = images.shape[3], operand.depth, operand.width
    total = gradient.reshape(-1)
    whole = depth == channels and dilation[1] == 1
    runs, run = (1, kernel[1] * depth) if whole else (kernel[1], depth)
    segments = -(-run // MOST_ROWS)
    taps = kernel[0] * kernel[1]
    for number in range(first * each, last * each):
        s0, s1, y0, y1, x0, x1 = block_of(blocks, number)
        height, width = y1 - y0, x1 - x0
        tall, wide = frame_size(operand, window, height, width)
        frame = memory.frame[: tall * wide * channels].reshape(1, tall, wide, channels)
        cut_frame(images[s0:s1], y0 * stride[0] - pad[0], x0 * stride[1] - pad[1], frame)
        outer = memory.z[: height * width * given.shape[3]].reshape(1, height, width, given.shape[3])
        if place.size:
            spread_frame(given[s0:s1], place[s0:s1], pool, y0, x0, outer)
        else:
            cut_frame(given[s0:s1], y0, x0, outer)
        a, b = frame.reshape(-1), outer.reshape(-1)
        for panel in range(operand.groups * operand.panels):
            group, vectors = panel // operand.panels, vectors_of(operand, panel)
            b_first = group * operand.made + (panel - group * operand.panels) * columns
            for ky in range(kernel[0]):
                for kx in range(runs):
                    at = (ky * dilation[0] * wide + kx * dilation[1]) * channels + group * depth
                    row = (panel * taps + ky * kernel[1] + kx) * depth
                    for segment in range(segments):
                        start = run * segment // segments
                        rows = run * (segment + 1) // segments - start
                        add_products(
                            rows, vectors, a, at + start, 1, stride[0] * wide * channels,
                            stride[1] * channels, height, width,
                            b, b_first, given.shape[3], total, (row + start) * columns, columns,
                        )  # fmt: skip
