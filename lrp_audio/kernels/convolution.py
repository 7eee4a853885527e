"""Convolution as GEMM over tiles: the map, its transpose, and the gradient of its weight.

The windows of a tile are gathered into a panel, and one GEMM with the packed weight does the
arithmetic; tiles are small enough to stay in the processor's cache. Where only the winners of a
max-pool are needed, no other output is stored.
"""

from collections.abc import Callable, Iterator

import numpy as np

from lrp_audio.kernels import depthwise
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.few_outputs import convolve_few, few, transpose_few
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.packing import Operand, Operands, by_group, unpacked
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.kernels.windows import Tile, Window, gathered, scatter_add, tiles
from lrp_audio.kernels.winners import Winners, add_at_winners, rectified_maxima, select
from lrp_audio.types import Array

_PIECES = 16  # at most, of the work that threads share


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
    out = np.empty((len(x), *size, operand.channels), x.dtype)
    added, floor = _bias(bias, out), np.full(1, least, x.dtype)

    def piece(tile: Tile) -> None:
        z = out[tile]
        operand.products(image[tile.samples], window.below(tile.rows.start), z)
        if bias is not None or least == 0:
            _add_bias(z.reshape(-1, z.shape[3]), added, floor)

    _each(piece, tiles(len(x), size[0], operand.rows(len(x), *size)))
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
    out = np.empty((len(x), *pooled, operand.channels), x.dtype)
    place = np.empty(out.shape, np.uint8)
    added = _bias(bias, out)

    def piece(tile: Tile) -> None:
        z, top = _at_tile(image, operand, window, size, tile, pool)
        rectified_maxima(z, added, out[tile], place[tile], pool.below(tile.rows.start, top))

    rows = operand.rows(len(x), pooled[0], pool.stride[0] * size[1])
    _each(piece, tiles(len(x), pooled[0], rows))
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
    out: Array = np.empty(at.place.shape, x.dtype)
    added, floor = _bias(bias, out), np.full(1, -np.inf, x.dtype)

    def piece(tile: Tile) -> None:
        z, top = _at_tile(image, operand, window, at.size, tile, at.window)
        part = out[tile]
        select(z, at.place[tile], part, at.window.below(tile.rows.start, top))
        if bias is not None:
            _add_bias(part.reshape(-1, part.shape[3]), added, floor)

    rows = operand.rows(len(x), out.shape[1], at.window.stride[0] * at.size[1])
    _each(piece, tiles(len(x), out.shape[1], rows))
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
    grid = _Grid(channels_last(s), at)
    matrix = weight.forward.packed
    groups, columns, _ = matrix.shape
    taps = window.kernel[0] * window.kernel[1]
    channels = columns // taps * groups
    if weight.backward is not None:
        return _transpose_as_convolution(grid, weight.backward, window, size)
    out = np.zeros((len(s), *size, channels), s.dtype)
    rows = weight.forward.rows(len(s), *grid.size)

    def piece(first: int, last: int) -> None:
        part = slice(first, last)
        for tile in tiles(last - first, grid.size[0], rows):
            samples = slice(first + tile.samples.start, first + tile.samples.stop)
            image = grid.rows(samples, tile.rows)
            shifted = window.below(tile.rows.start)
            if depthwise.suits(matrix, taps):
                depthwise.add_transpose(image, matrix, shifted, out[part][tile.samples])
                continue
            panel = scratch("panel", (image[..., 0].size, columns), s.dtype)
            for group, flat in enumerate(by_group(image, groups)):
                np.matmul(flat, matrix[group].T, out=panel)
                scatter_add(panel, out[part][tile.samples], group, image.shape[1:3], shifted)

    # In whole samples, because the windows of one sample overlap.
    parallel_for(piece, len(s), -(-len(s) // _PIECES))
    return channels_first(out)


def _transpose_as_convolution(
    grid: "_Grid", operand: Operand, window: Window, size: tuple[int, int]
) -> Array:
    out = np.empty((len(grid.values), *size, operand.channels), grid.values.dtype)
    reverse = _reverse(window)

    def piece(tile: Tile) -> None:
        top, bottom = reverse.seen(tile.rows.start, tile.rows.stop, grid.size[0])
        image = grid.rows(tile.samples, slice(top, bottom))
        operand.products(image, reverse.below(tile.rows.start, top), out[tile])

    _each(piece, tiles(len(out), size[0], operand.rows(len(out), *size)))
    return channels_first(out)


def weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...], at: Winners | None
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch.

    `g` is the gradient at the output of `convolve`, or of `convolve_at`.
    """
    images, grid = channels_last(x), _Grid(channels_last(g), at)
    out, depth, kh, kw = shape
    packed_shape = (groups, kh * kw * depth, out // groups)
    rows = Operand(np.empty(packed_shape, x.dtype), None).rows(len(x), *grid.size)

    def piece(first: int, last: int) -> Array:
        gradient = np.zeros(packed_shape, x.dtype)
        for tile in tiles(last - first, grid.size[0], rows):
            samples = slice(first + tile.samples.start, first + tile.samples.stop)
            outer = grid.rows(samples, tile.rows)
            shifted = window.below(tile.rows.start)
            if depthwise.suits(gradient, kh * kw):
                depthwise.add_weight_gradient(images[samples], outer, shifted, gradient)
                continue
            for group, flat in enumerate(by_group(outer, groups)):
                panel = gathered(images[samples], group, depth, outer.shape[1:3], shifted)
                gradient[group] += panel.T @ flat
        return gradient

    if not len(x):
        return np.zeros(shape, x.dtype)
    first, *others = parallel_for(piece, len(x), max(8, -(-len(x) // _PIECES)))
    for other in others:
        first += other
    return unpacked(first, shape)


class _Grid:
    """Values at the outputs of a convolution, given at all of them or at the winners alone."""

    def __init__(self, values: Array, at: Winners | None) -> None:
        self.values = values
        self.at = at
        self.size = values.shape[1:3] if at is None else at.size

    def rows(self, samples: slice, rows: slice) -> Array:
        """A tile of the values, 0 where none is given."""
        if self.at is None:
            return self.values[samples, rows]
        first, last = self.at.window.seeing(rows.start, rows.stop, self.values.shape[1])
        given = self.values[samples, first:last]
        shape = (len(given), rows.stop - rows.start, self.size[1], given.shape[3])
        image = scratch("grid", shape, given.dtype)
        image[...] = 0
        window = self.at.window.below(first, rows.start)
        add_at_winners(given, self.at.place[samples, first:last], image, window)
        return image


def _at_tile(
    image: Array, operand: Operand, window: Window, size: tuple[int, int], tile: Tile, pool: Window
) -> tuple[Array, int]:
    """The convolution without bias in the rows that a tile of a pool covers, and the first row."""
    top, bottom = pool.seen(tile.rows.start, tile.rows.stop, size[0])
    images = image[tile.samples]
    z = scratch("grid", (len(images), bottom - top, size[1], operand.channels), image.dtype)
    operand.products(images, window.below(top), z)
    return z, top


def _each(piece: Callable[[Tile], None], tiling: Iterator[Tile]) -> None:
    """Call `piece` for each tile."""
    every = list(tiling)

    def several(first: int, last: int) -> None:
        for tile in every[first:last]:
            piece(tile)

    parallel_for(several, len(every), -(-len(every) // _PIECES))


def _bias(bias: Array | None, out: Array) -> Array:
    return np.zeros(out.shape[-1], out.dtype) if bias is None else bias


@compiled()
def _add_bias(z: Array, bias: Array, least: Array) -> None:
    floor = least[0]
    for position in range(z.shape[0]):
        values = z[position]
        for c in range(z.shape[1]):
            value = values[c] + bias[c]
            values[c] = floor if value <= floor else value
