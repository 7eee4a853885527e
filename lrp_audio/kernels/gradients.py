"""The gradient of a convolution's weight: windows of the input times the gradients at them."""

from collections.abc import Callable

import numpy as np

from lrp_audio.kernels.blocks import Blocks, block_of, count_of, cut_frame, spread_frame
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.layout import read_only
from lrp_audio.kernels.microkernel import MOST_ROWS, add_products, tile_width
from lrp_audio.kernels.operand import DIRECT, Operand, vectors_of
from lrp_audio.kernels.schedule import Memory, Schedule, Source, frame_size
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array


def weight_gradient_by_sample(
    images: Array,
    source: Source,
    window: Window,
    shape: tuple[int, int, int],
    grid: tuple[int, int],
) -> Callable[[int, int], Array]:
    """A function of the first and the last sample: the gradient of a packed weight of `shape`.

    `shape` is ``(groups, kh * kw * in/g, out/g)``, `grid` the size of the convolution's output.
    """
    groups, columns, made = shape
    width, taps = tile_width(images.dtype), window.kernel[0] * window.kernel[1]
    panels = -(-made // width)
    operand = Operand(
        DIRECT, read_only(np.empty(0, images.dtype)), groups, panels, columns // taps, made, width
    )
    schedule = Schedule(operand, window, images, grid, samples=1)

    def of_samples(first: int, last: int) -> Array:
        gradient = np.zeros((groups, panels, columns, width), images.dtype)
        _gradient_blocks(
            read_only(images), source, operand, window, schedule.blocks, first, last,
            schedule.memory(), gradient,
        )  # fmt: skip
        joined = np.moveaxis(gradient, 1, 2).reshape(groups, columns, panels * width)
        return np.ascontiguousarray(joined[..., :made])

    return of_samples


@compiled()
def _gradient_blocks(
    images: Array,
    source: Source,
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
    given, place, pool = source.values, source.place, source.pool
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
        outer = memory.z[: height * width * given.shape[3]].reshape(
            1, height, width, given.shape[3]
        )
        if place.size:
            spread_frame(given[s0:s1], place[s0:s1], pool, y0, x0, outer)
        else:
            cut_frame(given[s0:s1], y0, x0, outer)
        a, b = frame.reshape(-1), memory.z  # a vector may reach beyond the last row of `outer`
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
