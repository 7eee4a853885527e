"""A convolution at a few of its outputs, one by one: at the winners that are above 0.

In a trained network few are. Dot products run at a fifth of the speed of a GEMM, so this pays where
an eighth of the outputs or less is needed, and the vectors are long.
"""

import numpy as np

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.packing import Operands
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.kernels.windows import Window, framed
from lrp_audio.kernels.winners import NO_WINNER, Winners
from lrp_audio.types import Array

_RARE = 8  # outputs, of which one is needed
_LONG = 512  # products for one output


def few(weight: Operands, window: Window, at: Winners) -> bool:
    """Whether it pays to compute the convolution's outputs at the winners `at` one by one."""
    if weight.matrix.shape[1] < _LONG or window.dilation != (1, 1):
        return False
    outputs = len(at.place) * at.size[0] * at.size[1] * at.place.shape[3]
    return bool(_RARE * np.count_nonzero(at.place != NO_WINNER) <= outputs)


def convolve_few(
    x: Array, weight: Operands, bias: Array | None, window: Window, at: Winners
) -> Array:
    """Convolution plus bias at the winners, in the shape of the pooled image, else 0."""
    image, filters = channels_last(x), weight.filters
    out: Array = np.zeros(at.place.shape, x.dtype)
    groups, made, _, run = filters.shape
    depth = run // window.kernel[1]
    added = np.zeros(groups * made, x.dtype) if bias is None else bias

    def piece(first: int, last: int) -> None:
        for sample in range(first, last):
            own = slice(sample, sample + 1)
            for group in range(groups):
                seen = image[own, ..., group * depth : (group + 1) * depth]
                frame = np.ascontiguousarray(framed(seen, window.extent(at.size), window.pad))
                into = slice(group * made, (group + 1) * made)
                _dots(
                    frame[0],
                    filters[group],
                    added[into],
                    at.place[sample, ..., into],
                    at.window,
                    window.stride,
                    out[sample, ..., into],
                )

    parallel_for(piece, len(x), 1)
    return channels_first(out)


def transpose_few(
    s: Array, weight: Operands, window: Window, size: tuple[int, int], at: Winners
) -> Array:
    """Transpose of `convolve_few`: to ``(batch, in, *size)``, added up."""
    values, filters = channels_last(s), weight.filters
    groups, made, _, run = filters.shape
    depth = run // window.kernel[1]
    out = np.zeros((len(s), *size, groups * depth), s.dtype)
    top, left = window.pad

    def piece(first: int, last: int) -> None:
        for sample in range(first, last):
            for group in range(groups):
                frame = scratch("frame", (*window.extent(at.size), depth), s.dtype)
                frame[...] = 0
                of = slice(group * made, (group + 1) * made)
                _add_multiples(
                    values[sample, ..., of],
                    filters[group],
                    at.place[sample, ..., of],
                    at.window,
                    window.stride,
                    frame,
                )
                inside = frame[top : top + size[0], left : left + size[1]]
                into = slice(group * depth, (group + 1) * depth)
                out[sample, : inside.shape[0], : inside.shape[1], into] = inside

    parallel_for(piece, len(s), 1)
    return channels_first(out)


# Filter by filter: the filter stays in the first-level cache and the image in the second-level one.
# Reassociation allows SIMD in the dot product.


@part
def _corner(
    number: np.int64, oy: int, ox: int, pool: Window, stride: tuple[int, int]
) -> tuple[np.int64, np.int64]:
    """Row and column of the frame where the window of the winner at place `number` begins."""
    kernel, steps, pad, _ = pool
    top = oy * steps[0] + number // kernel[1] - pad[0]
    left = ox * steps[1] + number % kernel[1] - pad[1]
    return top * stride[0], left * stride[1]


@compiled(fastmath={"reassoc", "nsz", "contract"})
def _dots(
    frame: Array,
    filters: Array,
    bias: Array,
    place: Array,
    pool: Window,
    stride: tuple[int, int],
    out: Array,
) -> None:
    width, depth = frame.shape[1:]
    run = filters.shape[2]
    line = frame.reshape(-1)
    for c in range(filters.shape[0]):
        for oy in range(place.shape[0]):
            for ox in range(place.shape[1]):
                number = np.int64(place[oy, ox, c])
                if number == NO_WINNER:
                    continue
                top, left = _corner(number, oy, ox, pool, stride)
                total = bias[c]
                for ky in range(filters.shape[1]):
                    start = ((top + ky) * width + left) * depth
                    for i in range(run):
                        total += line[start + i] * filters[c, ky, i]
                out[oy, ox, c] = total


@compiled()
def _add_multiples(
    values: Array,
    filters: Array,
    place: Array,
    pool: Window,
    stride: tuple[int, int],
    frame: Array,
) -> None:
    width, depth = frame.shape[1:]
    run = filters.shape[2]
    line = frame.reshape(-1)
    for c in range(filters.shape[0]):
        for oy in range(place.shape[0]):
            for ox in range(place.shape[1]):
                number, value = np.int64(place[oy, ox, c]), values[oy, ox, c]
                if number == NO_WINNER or value == 0:
                    continue
                top, left = _corner(number, oy, ox, pool, stride)
                for ky in range(filters.shape[1]):
                    start = ((top + ky) * width + left) * depth
                    for i in range(run):
                        line[start + i] += value * filters[c, ky, i]
